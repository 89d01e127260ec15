import type { EditList, Segment } from '@contract'

/** Seconds over which the two sides of a cut are cross-faded. */
export const cutSeconds = 0.005

/** Samples of a segment, and of a whole list. */
export const lengthOf = ({ from, to }: Segment): number => to - from
export const framesOf = ({ segments }: Pick<EditList, 'segments'>): number =>
  segments.reduce((sum, segment) => sum + lengthOf(segment), 0)

/** The list of a sound as it came. */
export const wholeOf = (
  asset: string,
  { sampleRate, channels, frames }: { sampleRate: number; channels: number; frames: number },
): EditList => ({ sampleRate, channels, segments: [{ asset, from: 0, to: frames }] })

export const silenceOf = (frames: number): Segment => ({ asset: null, from: 0, to: frames })

const sameRamps = (a: Segment, b: Segment) => {
  const [one, other] = [a.ramps ?? [], b.ramps ?? []]
  return (
    one.length === other.length &&
    one.every((ramp, i) => {
      const { from, to, low, high } = other[i]!
      return ramp.from === from && ramp.to === to && ramp.low === low && ramp.high === high
    })
  )
}

/** `b` right behind `a` as one segment, where that is the same sound; undefined where it is not. */
function merged(a: Segment, b: Segment): Segment | undefined {
  if (a.asset === null && b.asset === null) return { ...a, to: a.to + lengthOf(b) }
  const follows = a.asset === b.asset && a.to === b.from && a.mono === b.mono
  return follows && (a.db ?? 0) === (b.db ?? 0) && sameRamps(a, b) ? { ...a, to: b.to } : undefined
}

/** The segments with empty ones left out and those joined that were parted and came together again. */
export function tidy(segments: readonly Segment[]): Segment[] {
  const out: Segment[] = []
  for (const segment of segments) {
    if (lengthOf(segment) === 0) continue
    const last = out.at(-1)
    const joined = last && merged(last, segment)
    if (joined) out[out.length - 1] = joined
    else out.push(segment)
  }
  return out
}

/** The segments of samples `from` to `to` of a list. */
export function slice(segments: readonly Segment[], from: number, to: number): Segment[] {
  const out: Segment[] = []
  let start = 0
  for (const segment of segments) {
    const end = start + lengthOf(segment)
    const [first, last] = [Math.max(from, start), Math.min(to, end)]
    if (first < last) {
      const part = { ...segment, from: segment.from + first - start, to: segment.from + last - start }
      // A cross-fade belongs to the segment's own beginning.
      if (first > start) delete part.join
      out.push(part)
    }
    if (end >= to) break
    start = end
  }
  return out
}

/** The list with samples `from` to `to` replaced by `segments`. */
export function splice(list: EditList, from: number, to: number, segments: readonly Segment[]): EditList {
  const before = slice(list.segments, 0, from)
  const after = slice(list.segments, to, framesOf(list))
  return { ...list, segments: tidy([...before, ...segments, ...after]) }
}

/** Gain of a segment at source sample `at`, beyond its ends too. */
export function gainAt({ db = 0, ramps = [] }: Segment, at: number): number {
  let gain = 10 ** (db / 20)
  for (const { from, to, low, high } of ramps) {
    const share = to > from ? Math.min(1, Math.max(0, (at - from) / (to - from))) : 1
    gain *= low + (high - low) * share
  }
  return gain
}

/** Whether a segment's samples are those of its source as they are. */
export const isUntouched = ({ db = 0, ramps = [], mono }: Segment): boolean =>
  db === 0 && ramps.length === 0 && mono === undefined

/** The segments at another rate: each boundary goes to the nearest sample. */
export function atRate(segments: readonly Segment[], from: number, to: number): Segment[] {
  if (from === to) return [...segments]
  const ratio = to / from
  let start = 0
  return segments.flatMap((segment) => {
    const end = start + lengthOf(segment)
    const length = Math.round(end * ratio) - Math.round(start * ratio)
    start = end
    if (length === 0) return []
    const first = segment.asset === null ? 0 : Math.round(segment.from * ratio)
    const moved: Segment = { ...segment, from: first, to: first + length }
    if (segment.ramps) moved.ramps = segment.ramps.map((r) => ({ ...r, from: r.from * ratio, to: r.to * ratio }))
    if (segment.join !== undefined) moved.join = Math.round(segment.join * ratio)
    return [moved]
  })
}
