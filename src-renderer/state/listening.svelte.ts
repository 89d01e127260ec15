import type { Asset } from '@contract'
import { matchAll } from '../audio/loudness'
import { mediaName } from '../audio/media-of'
import { Player, type Track } from '../audio/player'
import { forgetLevels, levelVolume, tapLevels } from './levels.svelte'
import { text } from '../text/text.svelte'
import { tellError } from './notices.svelte'

/** The tracks of a document: what was recorded, what a model made of it, what it took away; or one of several results by its job. */
export type Role = 'original' | 'result' | 'noise' | `take-${string}`

/** What the player does, as the window shows it. Times are seconds. */
export const listening = $state({
  playing: false,
  buffering: false,
  heard: 'original' as Role,
  /** Whether it is heard as what differs from the original: that minus it. */
  difference: false,
  /** Which roles there are to hear. */
  roles: [] as Role[],
  match: true,
  volume: 1,
  time: 0,
  duration: 0,
  /** The selected stretch; repeated when `looping`. */
  region: null as { from: number; to: number } | null,
  looping: true,
  /** How many times as fast as recorded it plays. */
  pace: 1,
  /** Whether the pitch stays at another speed; remembered. */
  keepsPitch: localStorage.getItem('nagare.pitch') !== 'moves',
})

/** Channels that the level is measured on: two where any of the tracks has two. */
let channelsHeard = 1

const player = new Player({
  onChange(now) {
    Object.assign(listening, now)
    if (now.playing) watch()
    else listening.time = player.time
  },
  onError: (error) => tellError(text.player.failed, error),
  onBus: (bus, context) => void tapLevels(bus, context, channelsHeard),
})

let watching = false
function watch() {
  if (watching) return
  watching = true
  const frame = () => {
    listening.time = player.time
    watching = listening.playing
    if (watching) requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
}

/** The sound of an asset as the player reads it; undefined for what is no sound. */
export function trackOf(asset: Asset, role: Role): Track | undefined {
  const { audio } = asset
  if (!audio) return undefined
  const { sampleRate, channels, frames, pcm } = audio
  return { role, gain: 1, source: { url: `/media/${mediaName(asset)}`, sampleRate, channels, frames, ...pcm } }
}

let shown = { source: '', key: '' }

/** Puts a document's tracks on the player; the place is kept while the source stays the same. */
export function listenTo(source: Asset | undefined, sounds: readonly { role: Role; asset: Asset }[]) {
  const tracks = sounds
    .map(({ role, asset }) => trackOf(asset, role))
    .filter((track) => track !== undefined)
    // One clock counts samples of one rate: what was made before the recording got another cannot be heard beside it.
    .filter(({ source: { sampleRate } }, _, [first]) => sampleRate === first!.source.sampleRate)
  const key = tracks.map(({ role, source: { url, offset, frames } }) => `${role} ${url}@${offset}+${frames}`).join(' ')
  if (key === shown.key) return
  const same = shown.source === (source?.id ?? '')
  shown = { source: source?.id ?? '', key }
  listening.roles = tracks.map(({ role }) => role as Role)
  const isThere = listening.roles.includes(listening.heard)
  if (!isThere || (listening.difference && !listening.roles.includes('original')))
    hear(isThere ? listening.heard : (listening.roles[0] ?? 'original'))
  if (!same) {
    listening.region = null
    listening.time = 0
  }
  const channels = tracks.some((track) => track.source.channels === 2) ? 2 : 1
  if (!same || channels !== channelsHeard) forgetLevels()
  channelsHeard = channels
  player.setTracks(tracks, same)
  listening.duration = player.duration
}

/** Decibels that two loudspeakers add to one. */
const bothSpeakers = 10 * Math.log10(2)

/** The playback gains that go with what is known of the levels and with the wish to match them; what was taken away sounds as loud as it was in there. */
export function gainsOf(sounds: readonly { role: Role; asset: Asset }[], match: boolean): Record<string, number> {
  // One channel is played by both loudspeakers, and so is twice as strong as it was measured, where another sound has two.
  const isStereo = sounds.some(({ asset: { audio } }) => audio?.channels === 2)
  const levels = sounds.flatMap(({ role, asset: { audio } }) => {
    if (!audio) return []
    const { loudness, peak, channels } = audio
    const heard = loudness === null || !isStereo || channels !== 1 ? loudness : loudness + bothSpeakers
    return [[role, role === 'noise' ? { loudness: null, peak: 0 } : { loudness: heard, peak }] as const]
  })
  if (!match || !levels.some(([role]) => role === 'original'))
    return Object.fromEntries(levels.map(([role]) => [role, 1]))
  return matchAll(Object.fromEntries(levels), 'original')
}

export const levelTracks = (gains: Record<string, number>) => player.setGains(gains)

export function hear(role: Role) {
  if (role !== listening.heard || listening.difference) forgetLevels()
  Object.assign(listening, { heard: role, difference: false })
  player.hear(role)
}

/** Lets what differs between the original and a role be heard. */
export function hearDifference(role: Role) {
  forgetLevels()
  Object.assign(listening, { heard: role, difference: true })
  player.hear(role, 'original')
}

export function play() {
  if (!listening.playing) void player.play()
}

export function toggle() {
  if (listening.playing) player.pause()
  else void player.play()
}

export function pause() {
  if (listening.playing) player.pause()
}

export function seek(seconds: number) {
  const time = Math.min(listening.duration, Math.max(0, seconds))
  listening.time = time
  player.seek(time)
}

/** Moves on a resting sound by ear: a grain of it is heard at each place. */
export function scrub(seconds: number) {
  const time = Math.min(listening.duration, Math.max(0, seconds))
  listening.time = time
  void player.scrub(time)
}

export const paces = [0.5, 0.75, 1, 1.25, 1.5, 2] as const

export function setPace(pace: number) {
  listening.pace = pace
  player.setPace(pace, listening.keepsPitch)
}

export function setKeepsPitch(keeps: boolean) {
  listening.keepsPitch = keeps
  localStorage.setItem('nagare.pitch', keeps ? 'stays' : 'moves')
  player.setPace(listening.pace, keeps)
}

export function setVolume(volume: number) {
  listening.volume = volume
  levelVolume(volume * volume)
  player.setVolume(volume * volume)
}

export function setRegion(region: { from: number; to: number } | null) {
  listening.region = region
  applyLoop()
}

/** Moves one edge of the selected stretch to the playhead; the other stays, or is the end of the recording on that side. */
export function markRegion(edge: 'from' | 'to') {
  const { time, duration, region } = listening
  const from = edge === 'from' ? time : region && region.from < time ? region.from : 0
  const to = edge === 'to' ? time : region && region.to > time ? region.to : duration
  if (to - from > 0.05) setRegion({ from, to })
}

export function setLooping(looping: boolean) {
  listening.looping = looping
  applyLoop()
}

function applyLoop() {
  const { region, looping } = listening
  player.setLoop(region && looping ? { ...region } : undefined)
}

player.hear(listening.heard)
