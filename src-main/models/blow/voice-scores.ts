import type { Device } from '../../compute'
import { rms } from '../../dsp'
import { range } from './config'
import { silence } from './frames'
import { openLikelihood, scorePairs, spread, type Pair } from './likelihood'
import type { VoiceModel } from './model'

/** Samples of all frames that are scored together. */
const batchSamples = 32_768
/** Frames of an utterance that are scored at most, spread over it. */
export const mostFrames = 16

/** How likely an utterance is under the voices of a model, nats per sample. */
export interface VoiceScores {
  /** Frames that were scored; the figures are means over them. */
  frames: number
  /** Under each voice. */
  voices: Float64Array
  /** Under the mean of all voices' embeddings. */
  average: number
}

/**
 * Scores each utterance, as `readUtterance` gives it, under every voice and under their mean: frames side by side, the last filled with silence, silent
 * ones left out as in training, and of many those that are spread over the utterance. `step` may throw to stop.
 */
export async function voiceScores(
  device: Device,
  model: Pick<VoiceModel, 'config' | 'weights'>,
  utterances: readonly Float32Array[],
  step: (done: number, total: number) => void,
): Promise<VoiceScores[]> {
  const { frame, voices } = model.config
  const batch = Math.max(1, Math.floor(batchSamples / frame))
  const framed = utterances.map((x) => spread(framesOf(x, frame), mostFrames))
  /** Every voice, and last their mean. */
  const under = [...range(voices), undefined]
  const pairs: Pair[] = framed.flatMap((frames) => frames.flatMap((x) => under.map((voice) => ({ x, voice }))))
  const likelihood = await openLikelihood(device, model, batch)
  try {
    const scores = await scorePairs(likelihood, model, batch, pairs, step)
    let at = 0
    return framed.map(({ length: frames }) => {
      const means = new Float64Array(under.length)
      for (let i = 0; i < frames * under.length; i++)
        means[i % under.length] = means[i % under.length]! + scores[at++]! / frames
      return { frames, voices: means.slice(0, voices), average: means[voices]! }
    })
  } finally {
    await likelihood.dispose()
  }
}

/** The frames of `x` that are no silence. */
function framesOf(x: Float32Array, size: number): Float32Array[] {
  const frames: Float32Array[] = []
  for (let start = 0; start < x.length; start += size) {
    const frame = new Float32Array(size)
    frame.set(x.subarray(start, start + size))
    if (rms(frame) >= silence) frames.push(frame)
  }
  return frames
}
