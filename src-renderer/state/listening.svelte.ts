import type { Asset } from '@contract'
import { matchedGains } from '../audio/loudness'
import { Player, type Track } from '../audio/player'
import { text } from '../text/text.svelte'
import { tellError } from './notices.svelte'
import type { Take } from './selection.svelte'

/** The tracks of a document: what was recorded, what a model made of it, what it took away. */
export type Role = 'original' | 'result' | 'noise'

/** What the player does, as the window shows it. Times are seconds. */
export const listening = $state({
  playing: false,
  buffering: false,
  heard: 'original' as Role,
  /** Which roles there are to hear. */
  roles: [] as Role[],
  match: true,
  volume: 1,
  time: 0,
  duration: 0,
  /** The selected stretch; repeated when `looping`. */
  region: null as { from: number; to: number } | null,
  looping: true,
})

const player = new Player({
  onChange(now) {
    Object.assign(listening, now)
    if (now.playing) watch()
    else listening.time = player.time
  },
  onError: (error) => tellError(text.player.failed, error),
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
  return { role, gain: 1, source: { url: `/media/${asset.id}`, sampleRate, channels, frames, ...pcm } }
}

let shown = { source: '', key: '' }

/** Puts a document's tracks on the player; the place is kept while the source stays the same. */
export function listenTo(source: Asset | undefined, take: Take | undefined) {
  const tracks = source
    ? [
        trackOf(source, 'original'),
        take && trackOf(take.result, 'result'),
        take?.noise && trackOf(take.noise, 'noise'),
      ].filter((track) => track !== undefined)
    : []
  const key = tracks.map(({ source: { url, offset, frames } }) => `${url}@${offset}+${frames}`).join(' ')
  if (key === shown.key) return
  const same = shown.source === (source?.id ?? '')
  shown = { source: source?.id ?? '', key }
  listening.roles = tracks.map(({ role }) => role as Role)
  if (!listening.roles.includes(listening.heard)) hear(listening.roles[0] ?? 'original')
  if (!same) {
    listening.region = null
    listening.time = 0
  }
  player.setTracks(tracks, same)
  listening.duration = player.duration
}

/** Sets the playback gains that go with what is known of the levels and with the wish to match them. */
export function levelTracks(source: Asset | undefined, take: Take | undefined, match: boolean) {
  const original = source?.audio
  if (original)
    player.setGains(match ? matchedGains(original, take?.result.audio) : { original: 1, result: 1, noise: 1 })
}

export function hear(role: Role) {
  listening.heard = role
  player.hear(role)
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

export function setVolume(volume: number) {
  listening.volume = volume
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
