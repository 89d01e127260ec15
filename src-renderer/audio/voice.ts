import type { BlockStore } from './block-store'
import type { PitchKeeper } from './keep-pitch'
import { rampCurve, rampValue, type Ramp } from './ramp'
import { frameAt, nextSegment, type Loop, type Scheduled, type Segment } from './segments'

export interface VoiceOptions {
  tracks: readonly { role: string; store: BlockStore }[]
  /** Gain of each track at the start. */
  gains: readonly number[]
  keeper: PitchKeeper | undefined
  /** Frames a second of the recording, frames in all, and the frame at which it begins. */
  rate: number
  total: number
  from: number
  /** Factor of the recorded speed. */
  pace: number
  loop: Loop | undefined
}

/** Seconds scheduled ahead; timers of hidden windows fire only once a second. */
const ahead = 2.5
/** Seconds before the end of what is scheduled at which the clock is to be held. */
const short = 0.1
const lead = 0.03
const switchSeconds = 0.015
/** Frames that browsers compute at a time, and the longest that a switch is held back for what is computed already, seconds. */
const blockFrames = 128
const longestLead = 0.025
const edgeSeconds = 0.008
/** Milliseconds after which a fade-out is over for certain. */
const fadedMilliseconds = 100

/** All that sounds from one start of the player to its next stop: tracks scheduled sample by sample together, each behind a gain of its own. */
export class Voice {
  /** Through which all of it goes. */
  readonly bus: GainNode
  private readonly context: AudioContext
  private readonly options: VoiceOptions
  private readonly gains = new Map<string, { node: GainNode; ramp: Ramp }>()
  /** Where each track's samples go in, by its role. */
  private readonly inlets = new Map<string, AudioNode>()
  private readonly nodes = new Set<AudioBufferSourceNode>()
  private plan: Scheduled[] = []
  /** Frame that is scheduled next, and the context time at which it will be heard. */
  private cursor: number | undefined
  private until: number

  constructor(context: AudioContext, options: VoiceOptions) {
    const { tracks, gains, keeper, rate, from } = options
    this.context = context
    this.options = options
    this.bus = context.createGain()
    this.bus.connect(context.destination)
    const start = Math.ceil((context.currentTime + lead) * rate) / rate
    this.bus.gain.setValueAtTime(0, context.currentTime)
    this.bus.gain.setValueAtTime(0, start)
    this.bus.gain.linearRampToValueAtTime(1, start + edgeSeconds)
    for (const [i, { role }] of tracks.entries()) {
      const node = context.createGain()
      const to = gains[i]!
      node.gain.value = to
      node.connect(this.bus)
      keeper?.outlet(i).connect(node)
      this.inlets.set(role, keeper?.inlet(i) ?? node)
      this.gains.set(role, { node, ramp: { from: to, to, start: 0, seconds: 0 } })
    }
    this.cursor = from
    this.until = start
  }

  get keepsPitch() {
    return this.options.keeper !== undefined
  }

  /** The frame heard now; undefined before anything is scheduled. */
  get frame(): number | undefined {
    const { context, options } = this
    const heard = context.currentTime - (context.outputLatency || 0) - (options.keeper?.latency ?? 0)
    return frameAt(this.plan, heard, this.flow)
  }

  /** Whether what is scheduled ends at once. */
  get isShort() {
    return this.until < this.context.currentTime + short
  }

  /** Whether all of it was heard. */
  get isOver() {
    const { keeper } = this.options
    return this.cursor === undefined && this.context.currentTime >= this.until + (keeper?.latency ?? 0)
  }

  /** Frames that go by in a second of the context's time. */
  private get flow() {
    return this.options.rate * this.options.pace
  }

  /** Schedules what is at hand up to `ahead` seconds from now; answers the reading of what is not, if that comes first. */
  advance(): Promise<unknown> | undefined {
    const { tracks, total, loop } = this.options
    const now = this.context.currentTime
    this.plan = this.plan.filter((segment, i, plan) => (plan[i + 1]?.when ?? Infinity) > now - 1)
    while (this.cursor !== undefined && this.until < now + ahead) {
      const { blockFrames } = tracks[0]!.store
      const segment = nextSegment(this.cursor, { blockFrames, total, loop })
      if (!segment) {
        this.cursor = undefined
        break
      }
      const missing = tracks.filter(
        ({ store }) => segment.block * store.blockFrames < store.source.frames && !store.at(segment.block),
      )
      if (missing.length) return Promise.all(missing.map(({ store }) => store.read(segment.block)))
      this.schedule(segment)
    }
    return undefined
  }

  /** Schedules one segment on all tracks. */
  private schedule(segment: Segment) {
    const { context } = this
    const { tracks, rate, pace } = this.options
    const when = Math.max(this.until, context.currentTime)
    for (const { store, role } of tracks) {
      const buffer = store.at(segment.block)
      const inlet = this.inlets.get(role)
      if (!buffer || !inlet) continue
      const offset = segment.from - segment.block * store.blockFrames
      const length = Math.min(segment.to - segment.from, buffer.length - offset)
      if (length <= 0) continue
      const node = new AudioBufferSourceNode(context, { buffer, playbackRate: pace })
      node.connect(inlet)
      node.start(when, offset / rate, length / rate)
      this.nodes.add(node)
      node.onended = () => {
        node.disconnect()
        this.nodes.delete(node)
      }
    }
    this.plan.push({ when, from: segment.from, to: segment.to })
    this.until = when + (segment.to - segment.from) / this.flow
    this.cursor = segment.next
  }

  /** Moves the gains of tracks, by role, softly and together. */
  setGains(gains: Readonly<Record<string, number>>) {
    const { currentTime: now, baseLatency, sampleRate } = this.context
    // What is computed already, and the block that is being computed, would leave out the beginning of a ramp from now on.
    const start = now + Math.min(longestLead, (baseLatency || 0) + blockFrames / sampleRate)
    for (const [role, { node, ramp }] of this.gains) {
      const to = gains[role] ?? ramp.to
      if (ramp.to === to) continue
      const from = rampValue(ramp, now)
      node.gain.cancelScheduledValues(0)
      node.gain.setValueAtTime(from, now)
      node.gain.setValueCurveAtTime(rampCurve(from, to), start, switchSeconds)
      this.gains.set(role, { node, ramp: { from, to, start, seconds: switchSeconds } })
    }
  }

  /** Fades out and lets go of everything scheduled; resolves when it is gone. */
  async end(): Promise<void> {
    const { bus, context } = this
    const now = context.currentTime
    bus.gain.cancelScheduledValues(0)
    bus.gain.setValueAtTime(now < (this.plan[0]?.when ?? 0) ? 0 : 1, now)
    bus.gain.linearRampToValueAtTime(0, now + edgeSeconds)
    for (const node of this.nodes) node.stop(now + edgeSeconds)
    await new Promise((resolve) => setTimeout(resolve, fadedMilliseconds))
    bus.disconnect()
    this.options.keeper?.release()
  }
}
