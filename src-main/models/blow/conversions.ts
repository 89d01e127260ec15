import { logSpectralDistance } from '../../dsp'
import type { Random } from '../../lib/random'
import { convertWhole, type Converter } from './converter'

/** One utterance to convert: its number, and the numbers of its voice and of the one it shall have. */
export interface Conversion {
  utterance: number
  from: number
  to: number
}

/** An utterance encoded and decoded as its own voice. */
export interface RoundTrip {
  /** Log-spectral distance from what went in, dB. */
  distance: number
  /** Energies of the difference and of what went in. */
  error: number
  energy: number
}

/**
 * Draws up to `count` conversions of utterances, given their voices, into each of the `targets` but their own: every pair of voices in turn, each time another of
 * its utterances.
 */
export function drawConversions(
  voices: readonly number[],
  targets: readonly number[],
  count: number,
  draws: Random,
): Conversion[] {
  const order = [...draws.shuffle(voices.length)]
  const pairs = [...new Set(voices)].flatMap((from) => targets.filter((to) => to !== from).map((to) => ({ from, to })))
  const queues = [...draws.shuffle(pairs.length)].map((p, i) => {
    const own = order.filter((utterance) => voices[utterance] === pairs[p]!.from)
    // Pairs start apart, so that few conversions do not all begin with the same utterances.
    const turn = i % own.length
    return [...own.slice(turn), ...own.slice(0, turn)].map((utterance) => ({ utterance, ...pairs[p]! }))
  })
  const longest = Math.max(0, ...queues.map((queue) => queue.length))
  const all = Array.from({ length: longest }, (_, round) => queues.flatMap((queue) => queue[round] ?? [])).flat()
  return all.slice(0, count)
}

/** Encodes and decodes `x` as one voice through the converter, as it converts, without levelling. */
export async function roundTrip(converter: Converter, x: Float32Array, voice: Float32Array): Promise<RoundTrip> {
  converter.setVoices(voice, voice)
  const y = await convertWhole(converter, x, { normalise: false })
  let [error, energy] = [0, 0]
  for (let t = 0; t < x.length; t++) {
    error += (y[t]! - x[t]!) ** 2
    energy += x[t]! ** 2
  }
  return { distance: logSpectralDistance(x, y), error, energy }
}

/** Counted blocks of 10 ms. */
export interface SpeechLost {
  /** Blocks of the source within 35 dB of its loudest. */
  spoken: number
  /** Those of them that are silent in the conversion: over 60 dB below its loudest. */
  lost: number
}

/** How much of the speech in `x` is silence in its conversion `y`, as where decoding a frame ends in no number. */
export function speechLost(x: Float32Array, y: Float32Array, sampleRate: number): SpeechLost {
  const size = Math.round(0.01 * sampleRate)
  const [before, after] = [deviations(x, size), deviations(y, size)]
  const loudest = (levels: Float64Array) => levels.reduce((most, level) => Math.max(most, level), 0)
  const [least, floor] = [loudest(before) * 10 ** (-35 / 20), loudest(after) * 10 ** (-60 / 20)]
  const found: SpeechLost = { spoken: 0, lost: 0 }
  for (const [i, level] of before.entries()) {
    if (level === 0 || level < least) continue
    found.spoken++
    if (after[i]! <= floor) found.lost++
  }
  return found
}

/** Deviation from its mean of each whole block: what is left of a silence after the mean of a whole sound was taken off does not count. */
function deviations(x: Float32Array, size: number): Float64Array {
  return Float64Array.from({ length: Math.floor(x.length / size) }, (_, block) => {
    const part = x.subarray(block * size, (block + 1) * size)
    const mean = part.reduce((sum, value) => sum + value, 0) / size
    return Math.sqrt(part.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size)
  })
}
