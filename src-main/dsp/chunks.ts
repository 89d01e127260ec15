import type { Planar } from './audio'

/** Samples [start, end) of a recording. */
export interface Chunk {
  start: number
  end: number
}

/**
 * Cuts `total` samples into chunks of `size` that share `overlap` samples with their neighbours. A tail that would bring
 * less than a quarter of new samples joins the chunk before it, so the last one is up to a quarter longer than `size`.
 * Throws RangeError unless 0 ≤ overlap ≤ size / 2.
 */
export function chunks(total: number, size: number, overlap: number): Chunk[] {
  if (!(size >= 1 && overlap >= 0 && overlap <= size / 2))
    throw new RangeError(`Chunks of ${size} samples can share 0 to ${Math.floor(size / 2)}, asked for ${overlap}`)
  if (total <= 0) return []
  const hop = size - overlap
  const plan: Chunk[] = []
  for (let start = 0; ; start += hop) {
    const left = total - start - size
    if (left < hop / 4) {
      plan.push({ start, end: total })
      return plan
    }
    plan.push({ start, end: start + size })
  }
}

/** Joins overlapping chunks into one stream. */
export interface Joiner {
  /** Takes the next chunk and returns the samples that are final: all but the last `overlap`. */
  push(chunk: Planar): Planar
  /** The rest. */
  finish(): Planar
}

/**
 * Crossfades each chunk's first `overlap` samples with the last ones of the chunk before it; the raised-cosine gains of both
 * add up to 1, so equal signals pass unchanged. Chunks must not be shorter than `overlap`.
 */
export function joiner(overlap: number): Joiner {
  const rise = Float64Array.from({ length: overlap }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / overlap))
  let tail: Planar | null = null
  return {
    push(chunk) {
      const length = chunk[0]?.length ?? 0
      if (length < overlap)
        throw new RangeError(`A chunk must have at least the ${overlap} samples of the overlap, got ${length}`)
      const before = tail
      tail = chunk.map((x) => x.slice(length - overlap))
      return chunk.map((x, c) => {
        const out = x.slice(0, length - overlap)
        const old = before?.[c]
        if (!old) return out
        // Where a chunk is shorter than two overlaps, part of the crossfade is still to come and stays in the tail.
        const fresh = tail![c]!
        for (let i = 0; i < overlap; i++) {
          const w = rise[i]!
          const value = old[i]! + w * (x[i]! - old[i]!)
          if (i < out.length) out[i] = value
          else fresh[i - out.length] = value
        }
        return out
      })
    },
    finish() {
      const rest = tail ?? []
      tail = null
      return rest
    },
  }
}
