export interface Loop {
  /** Frames; `to` is not played. */
  from: number
  to: number
}

/** A run of frames inside one block, to be played at once. */
export interface Segment {
  block: number
  from: number
  to: number
  /** Where playback goes on. */
  next: number
}

/** The next run of frames from `frame`: to the end of its block, of the loop, or of the sound; undefined at the end. */
export function nextSegment(
  frame: number,
  { blockFrames, total, loop }: { blockFrames: number; total: number; loop: Loop | undefined },
): Segment | undefined {
  const looping = loop && loop.to > loop.from && frame < loop.to
  const from = frame
  const end = looping ? Math.min(loop.to, total) : total
  if (from >= end) return undefined
  const block = Math.floor(from / blockFrames)
  const to = Math.min((block + 1) * blockFrames, end)
  return { block, from, to, next: looping && to === end ? loop.from : to }
}

/** A segment with the context time (seconds) at which its first frame is heard. */
export interface Scheduled {
  when: number
  from: number
  to: number
}

/** The frame heard at context time `now`, from what was scheduled; holds still in gaps and past the end. */
export function frameAt(plan: readonly Scheduled[], now: number, rate: number): number | undefined {
  let current: Scheduled | undefined
  for (const segment of plan) if (segment.when <= now) current = segment
  current ??= plan[0]
  return current && Math.min(current.to, current.from + Math.max(0, (now - current.when) * rate))
}
