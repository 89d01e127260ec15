import { resampler, type Planar } from '../../dsp'
import type { Enhanced } from '../../models/vae-nmf/enhancer'

/** Brings enhanced speech back to the recording's rate and band. */
export interface Restorer {
  /** Takes samples as they came, the same at the model's rate, and what the enhancer gave; returns what is final, aligned. */
  push(original: Planar, low: Planar, enhanced: Enhanced): { clean: Planar; noise: Planar }
  flush(enhanced: Enhanced): { clean: Planar; noise: Planar }
}

/**
 * The output is x + strength · (s − x), where s is the enhanced band brought back to the recording's rate plus, above that band, the recording
 * itself turned down by the share of speech that the model found at the top of its band; noise is x − output, so that both sum to x.
 */
export function restorer({
  channels,
  sampleRate,
  modelRate,
  hop,
  strength,
}: {
  channels: number
  sampleRate: number
  modelRate: number
  hop: number
  strength: number
}): Restorer {
  const same = sampleRate === modelRate
  const lines = Array.from({ length: channels }, () => ({
    up: resampler(modelRate, sampleRate),
    upLow: resampler(modelRate, sampleRate),
    original: queue(),
    clean: queue(),
    low: queue(),
  }))
  let shares = new Float32Array([])
  let firstShare = 0
  let done = 0

  const shareAt = (n: number): number => {
    const frame = (n / sampleRate) * (modelRate / hop) - firstShare
    const t = Math.min(Math.max(0, Math.floor(frame)), Math.max(0, shares.length - 1))
    const here = shares[t] ?? 1
    return here + ((shares[t + 1] ?? here) - here) * Math.min(1, Math.max(0, frame - t))
  }
  const addShares = (fresh: Float32Array) => {
    const old = Math.max(0, Math.floor((done / sampleRate) * (modelRate / hop)) - firstShare - 1)
    const kept = shares.subarray(Math.min(old, shares.length))
    firstShare += shares.length - kept.length
    const grown = new Float32Array(kept.length + fresh.length)
    grown.set(kept)
    grown.set(fresh, kept.length)
    shares = grown
  }
  const take = () => {
    const ready = Math.min(
      ...lines.flatMap(({ original, clean, low }) => [
        original.length(),
        clean.length(),
        same ? Infinity : low.length(),
      ]),
    )
    const clean: Planar = []
    const noise: Planar = []
    for (const line of lines) {
      const x = line.original.take(ready)
      const speech = line.clean.take(ready)
      const low = same ? undefined : line.low.take(ready)
      const out = new Float32Array(ready)
      const rest = new Float32Array(ready)
      for (let n = 0; n < ready; n++) {
        const high = low && sampleRate > modelRate ? (x[n]! - low[n]!) * shareAt(done + n) : 0
        out[n] = x[n]! + strength * (speech[n]! + high - x[n]!)
        rest[n] = x[n]! - out[n]!
      }
      clean.push(out)
      noise.push(rest)
    }
    done += ready
    return { clean, noise }
  }

  return {
    push(original, low, enhanced) {
      addShares(enhanced.topShare)
      for (const [channel, line] of lines.entries()) {
        line.original.add(original[channel]!)
        line.clean.add(same ? enhanced.clean[channel]! : line.up.push(enhanced.clean[channel]!))
        if (!same) line.low.add(line.upLow.push(low[channel]!))
      }
      return take()
    },
    flush(enhanced) {
      addShares(enhanced.topShare)
      for (const [channel, line] of lines.entries()) {
        if (same) line.clean.add(enhanced.clean[channel]!)
        else {
          line.clean.add(line.up.push(enhanced.clean[channel]!))
          line.clean.add(line.up.flush())
          line.low.add(line.upLow.flush())
        }
        // Two roundings of the length may leave the way back a sample short.
        const missing = line.original.length() - line.clean.length()
        if (missing > 0) line.clean.add(new Float32Array(missing))
        const missingLow = line.original.length() - line.low.length()
        if (!same && missingLow > 0) line.low.add(new Float32Array(missingLow))
      }
      return take()
    },
  }
}

/** First in, first out, in blocks. */
function queue() {
  let blocks: Float32Array[] = []
  let total = 0
  return {
    length: () => total,
    add(block: Float32Array) {
      if (block.length === 0) return
      blocks.push(block)
      total += block.length
    },
    take(count: number): Float32Array {
      const out = new Float32Array(count)
      let at = 0
      while (at < count) {
        const head = blocks[0]!
        const part = head.subarray(0, count - at)
        out.set(part, at)
        at += part.length
        if (part.length === head.length) blocks = blocks.slice(1)
        else blocks[0] = head.subarray(part.length)
      }
      total -= count
      return out
    },
  }
}
