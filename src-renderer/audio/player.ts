import { BlockStore } from './block-store'
import { playGrain } from './grain'
import { keepPitch, type PitchKeeper } from './keep-pitch'
import type { PcmSource } from './pcm'
import type { Loop } from './segments'
import { Voice } from './voice'

export interface Track {
  /** Which of the tracks it is; `hear` names it. */
  role: string
  source: PcmSource
  /** Playback gain when heard. */
  gain: number
}

export interface PlayerState {
  playing: boolean
  /** Whether it waits for samples. */
  buffering: boolean
}

export interface PlayerOptions {
  onChange(state: PlayerState): void
  onError(error: Error): void
  makeContext?(sampleRate: number): AudioContext
  /** Told of the node through which all that is heard goes, volume included, each time playback begins. */
  onBus?(bus: AudioNode, context: AudioContext): void
}

const blockSeconds = 1
const tickMilliseconds = 120

/** Plays several tracks on one clock, all scheduled sample by sample together; switching what is heard only moves gains. */
export class Player {
  private readonly options: PlayerOptions
  private context: AudioContext | undefined
  private tracks: (Track & { store: BlockStore })[] = []
  private voice: Voice | undefined
  /** Factor of each heard track's gain by its role; the others are silent. */
  private mix: Readonly<Record<string, number>> = {}
  private pace = 1
  private keepsPitch = true
  private loop: Loop | undefined
  private volume = 1
  private resting = 0
  private generation = 0
  private timer: ReturnType<typeof setInterval> | undefined
  private state: PlayerState = { playing: false, buffering: false }

  constructor(options: PlayerOptions) {
    this.options = options
  }

  private get rate() {
    return this.tracks[0]?.source.sampleRate ?? 1
  }

  private get total() {
    return Math.max(0, ...this.tracks.map(({ source }) => source.frames))
  }

  /** Seconds. */
  get duration() {
    return this.total / this.rate
  }

  /** Seconds from the start of the frame heard now. */
  get time() {
    return (this.voice?.frame ?? this.resting) / this.rate
  }

  /** Replaces the tracks; goes on at the same place when they belong together (`keepTime`). */
  setTracks(tracks: Track[], keepTime: boolean) {
    const playing = this.state.playing
    const time = keepTime ? this.time : 0
    this.halt()
    const rate = tracks[0]?.source.sampleRate
    if (this.context && rate !== this.rate) {
      void this.context.close()
      this.context = undefined
    }
    const old = this.tracks
    this.tracks = tracks.map((track) => {
      const store = old.find(({ source }) => source.url === track.source.url)?.store
      return {
        ...track,
        store: store ?? new BlockStore(track.source, Math.round(track.source.sampleRate * blockSeconds)),
      }
    })
    if (!keepTime) this.loop = undefined
    this.resting = Math.min(Math.round(time * this.rate), this.total)
    if (playing && keepTime) void this.play()
    else this.change({ playing: false, buffering: false })
  }

  /** Changes playback gains by role, softly. */
  setGains(gains: Record<string, number>) {
    for (const track of this.tracks) track.gain = gains[track.role] ?? track.gain
    this.applyGains()
  }

  setVolume(volume: number) {
    this.volume = volume
    this.applyGains()
  }

  /** Makes one role the heard one; or its difference from another: that other minus it, sample by sample. */
  hear(role: string, from?: string) {
    this.mix = from === undefined || from === role ? { [role]: 1 } : { [from]: 1, [role]: -1 }
    this.applyGains()
  }

  /** Plays at `pace` times the recorded speed, 0.25 to 4, all tracks on one clock to the sample; the pitch stays where `keepsPitch`, else goes with it. */
  setPace(pace: number, keepsPitch: boolean) {
    if (pace === this.pace && keepsPitch === this.keepsPitch) return
    const time = this.time
    Object.assign(this, { pace, keepsPitch })
    if (this.state.playing) this.restart(time)
  }

  /** Repeats frames between two moments (seconds); undefined plays on. */
  setLoop(loop: { from: number; to: number } | undefined) {
    this.loop = loop && { from: Math.round(loop.from * this.rate), to: Math.round(loop.to * this.rate) }
    if (this.state.playing) this.restart(this.time)
  }

  seek(seconds: number) {
    const time = Math.min(this.duration, Math.max(0, seconds))
    if (this.state.playing) this.restart(time)
    else {
      this.resting = Math.round(time * this.rate)
      void this.tracks.map(({ store }) =>
        store.read(Math.floor(this.resting / store.blockFrames)).catch(() => undefined),
      )
    }
  }

  /** Goes to a moment (seconds) while resting and lets a grain of what is heard there sound, so that a place is found by ear. */
  async scrub(seconds: number) {
    if (this.state.playing) return this.seek(seconds)
    this.seek(seconds)
    const grain = ++this.generation
    try {
      this.context ??= this.newContext()
      const context = this.context
      if (context.state !== 'running') await context.resume()
      const block = (store: BlockStore) => Math.floor(this.resting / store.blockFrames)
      const buffers = await Promise.all(this.tracks.map(({ store }) => store.read(block(store))))
      if (grain !== this.generation) return
      const now = context.currentTime
      for (const [i, track] of this.tracks.entries()) {
        const buffer = buffers[i]
        const gain = this.gainOf(track)
        if (!buffer || gain === 0) continue
        playGrain(context, buffer, this.resting / this.rate - block(track.store) * blockSeconds, gain, now)
      }
    } catch (error) {
      if (grain === this.generation) this.fail(error)
    }
  }

  async play() {
    if (!this.tracks.length) return
    if (this.resting >= this.total) this.resting = 0
    const generation = ++this.generation
    this.change({ playing: true, buffering: true })
    try {
      this.context ??= this.newContext()
      const context = this.context
      if (context.state !== 'running') await context.resume()
      const first = this.tracks.map(({ store }) => store.read(Math.floor(this.resting / store.blockFrames)))
      await Promise.all(first)
      const keeper = generation === this.generation ? await this.pitchKeeper(context) : undefined
      if (generation !== this.generation) return keeper?.release()
      this.begin(context, keeper)
    } catch (error) {
      if (generation === this.generation) this.fail(error)
    }
  }

  pause() {
    const time = this.time
    this.halt()
    this.resting = Math.round(time * this.rate)
    this.change({ playing: false, buffering: false })
  }

  close() {
    this.halt()
    void this.context?.close()
    this.context = undefined
  }

  private newContext() {
    const make =
      this.options.makeContext ?? ((sampleRate: number) => new AudioContext({ sampleRate, latencyHint: 'interactive' }))
    try {
      return make(this.rate)
    } catch {
      return make(48_000)
    }
  }

  private restart(time: number) {
    this.halt()
    this.resting = Math.round(time * this.rate)
    void this.play()
  }

  /** What keeps the pitch at another speed; undefined where none is needed, or can be had. */
  private pitchKeeper(context: AudioContext): Promise<PitchKeeper | undefined> {
    if (this.pace === 1 || !this.keepsPitch) return Promise.resolve(undefined)
    const channels = Math.max(...this.tracks.map(({ source }) => source.channels))
    return keepPitch(context, { tracks: this.tracks.length, channels, pace: this.pace }).catch(() => undefined)
  }

  private begin(context: AudioContext, keeper: PitchKeeper | undefined) {
    const { tracks, rate, total, pace, loop } = this
    const gains = tracks.map((track) => this.gainOf(track))
    this.voice = new Voice(context, { tracks, gains, keeper, rate, total, from: this.resting, pace, loop })
    this.options.onBus?.(this.voice.bus, context)
    this.timer = setInterval(() => this.pump(), tickMilliseconds)
    this.pump()
    this.change({ playing: true, buffering: false })
  }

  /** Schedules what comes next, and holds the clock when samples are late. */
  private pump() {
    const { voice, context } = this
    if (!voice || !context) return
    const late = voice.advance()
    if (late) {
      late.then(
        () => voice === this.voice && this.pump(),
        (error: unknown) => voice === this.voice && this.fail(error),
      )
      if (voice.isShort && context.state === 'running') {
        void context.suspend()
        this.change({ playing: true, buffering: true })
      }
      return
    }
    if (context.state === 'suspended' && this.state.buffering) {
      void context.resume()
      this.change({ playing: true, buffering: false })
    }
    if (voice.isOver) {
      this.halt()
      this.resting = this.total
      this.change({ playing: false, buffering: false })
    }
  }

  private gainOf({ role, gain }: Track) {
    return (this.mix[role] ?? 0) * gain * this.volume
  }

  private applyGains() {
    this.voice?.setGains(Object.fromEntries(this.tracks.map((track) => [track.role, this.gainOf(track)])))
  }

  /** Fades out and lets go of everything scheduled. */
  private halt() {
    this.generation++
    clearInterval(this.timer)
    const { voice, context } = this
    this.voice = undefined
    void voice?.end().then(() => {
      // What keeps the pitch computes even in silence, as long as the clock runs.
      if (voice.keepsPitch && !this.voice && !this.state.playing && context?.state === 'running') void context.suspend()
    })
  }

  private fail(error: unknown) {
    this.pause()
    this.options.onError(error instanceof Error ? error : new Error(String(error)))
  }

  private change(next: PlayerState) {
    if (next.playing === this.state.playing && next.buffering === this.state.buffering) return
    this.state = next
    this.options.onChange(next)
  }
}
