import type { EditList, Segment } from '@contract'
import type { Planar } from '../audio'
import { gainAt, lengthOf } from './edit-list'
import { crossfade, lastUpTo, planOf, type Join, type Plan } from './joins'
import { emptyOf, type RatedSource } from './rated-source'

/** A list of edits as sound, read anywhere. */
export interface Rendering {
  readonly plan: Plan
  /** Samples `from` to `from + count`, cut at the end. */
  read(from: number, count: number): Promise<Planar>
  /** The same without cross-fades: samples of segment number `index` alone, from `from` of its source to `to`; silence where the source has none. */
  segment(index: number, from: number, to: number): Promise<Planar>
}

/** Brings the channels of a source to those of a list: the same, one to all, or the mean of all. */
function toChannels(block: Planar, channels: number, mono: boolean): Planar {
  const isMixed = mono || (block.length !== channels && block.length > 1)
  if (!isMixed && block.length === channels) return block
  const first = block[0]!
  const mixed = isMixed && block.length > 1 ? new Float32Array(first.length) : first
  if (mixed !== first)
    for (let i = 0; i < mixed.length; i++) {
      let sum = 0
      for (const channel of block) sum += channel[i]!
      mixed[i] = sum / block.length
    }
  return Array.from({ length: channels }, (_, c) => (c === 0 ? mixed : mixed.slice()))
}

/** Turns a block of a segment, whose first sample is source sample `from`, up or down in place. */
function applyGain(block: Planar, segment: Segment, from: number): void {
  const { db = 0, ramps } = segment
  if (ramps?.length) {
    for (let i = 0; i < (block[0]?.length ?? 0); i++) {
      const gain = gainAt(segment, from + i)
      for (const x of block) x[i]! *= gain
    }
  } else if (db !== 0) {
    const gain = 10 ** (db / 20)
    for (const x of block) for (let i = 0; i < x.length; i++) x[i]! *= gain
  }
}

/** Reads `list` over the assets that `source` opens, at the list's rate; memory is what is asked for. Throws what they throw. */
export function rendering(list: EditList, source: (asset: string) => Promise<RatedSource>): Rendering {
  const plan = planOf(list)
  const { channels, segments } = list
  const joinAt = plan.joins.map(({ at, half }) => at - half)

  const segment = async (index: number, from: number, to: number): Promise<Planar> => {
    const { asset, mono = false } = segments[index]!
    if (asset === null || to <= from) return emptyOf(channels, Math.max(0, to - from))
    const sound = await source(asset)
    const [first, last] = [Math.min(Math.max(from, 0), sound.frames), Math.min(Math.max(to, 0), sound.frames)]
    const there = first < last ? await sound.read(first, last - first) : emptyOf(sound.channels, 0)
    const block = toChannels(there, channels, mono)
    applyGain(block, segments[index]!, first)
    if (last - first === to - from) return block
    const padded = emptyOf(channels, to - from)
    block.forEach((x, c) => padded[c]!.set(x, first - from))
    return padded
  }

  /** The samples of a join, all of them. */
  const mixed = async ({ segment: index, half }: Join): Promise<Planar> => {
    const { to } = segments[index - 1]!
    const { from } = segments[index]!
    const left = await segment(index - 1, to - half, to + half)
    const right = await segment(index, from - half, from + half)
    return crossfade(left, right)
  }

  return {
    plan,
    segment,
    async read(from, count) {
      const end = Math.min(plan.frames, from + count)
      const out = emptyOf(channels, Math.max(0, end - from))
      if (end <= from) return out
      const first = Math.max(0, lastUpTo(plan.starts, from))
      for (let index = first; index < segments.length && plan.starts[index]! < end; index++) {
        const start = plan.starts[index]!
        const [a, b] = [Math.max(from, start), Math.min(end, start + lengthOf(segments[index]!))]
        const base = segments[index]!.from - start
        const block = await segment(index, base + a, base + b)
        block.forEach((x, c) => out[c]!.set(x, a - from))
      }
      for (let j = Math.max(0, lastUpTo(joinAt, from)); j < plan.joins.length && joinAt[j]! < end; j++) {
        const { at, half } = plan.joins[j]!
        const [a, b] = [Math.max(from, at - half), Math.min(end, at + half)]
        if (a >= b) continue
        const block = await mixed(plan.joins[j]!)
        block.forEach((x, c) => out[c]!.set(x.subarray(a - at + half, b - at + half), a - from))
      }
      return out
    },
  }
}
