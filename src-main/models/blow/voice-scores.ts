import type { Device } from '../../compute'
import { rms } from '../../dsp'
import { float32 } from '../../lib/ndarray'
import { silence } from './frames'
import { openLikelihood } from './likelihood'
import type { VoiceModel } from './model'

/** Samples of all frames that are scored together. */
const batchSamples = 32_768

/** How likely an utterance is under the voices of a model, nats per sample. */
export interface VoiceScores {
  /** Frames that are no silence; the figures are means over them. */
  frames: number
  /** Under each voice. */
  voices: Float64Array
  /** Under the mean of all voices' embeddings. */
  average: number
}

/**
 * Scores each utterance, as `readUtterance` gives it, under every voice and under their mean: frames side by side, the last filled with silence, silent
 * ones left out as in training. `step` may throw to stop.
 */
export async function voiceScores(
  device: Device,
  model: Pick<VoiceModel, 'config' | 'weights'>,
  utterances: readonly Float32Array[],
  step: (done: number, total: number) => void,
): Promise<VoiceScores[]> {
  const { frame, voices } = model.config
  const batch = Math.max(1, Math.floor(batchSamples / frame))
  const framed = utterances.map((x) => framesOf(x, frame))
  const sums = framed.map(() => new Float64Array(voices + 1))
  /** Every frame of every utterance under every voice, and last under their mean. */
  const jobs = framed.flatMap((frames, u) =>
    frames.flatMap((x) => Array.from({ length: voices + 1 }, (_, v) => ({ u, x, v }))),
  )
  const likelihood = await openLikelihood(device, model, batch)
  try {
    for (let from = 0; from < jobs.length; from += batch) {
      step(from, jobs.length)
      const part = jobs.slice(from, from + batch)
      const audio = float32([batch, frame])
      const speaker = float32([batch, voices])
      for (let i = 0; i < batch; i++) {
        const { x, v } = part[i] ?? part[0]!
        audio.data.set(x, i * frame)
        if (v < voices) speaker.data[i * voices + v] = 1
        else speaker.data.fill(1 / voices, i * voices, (i + 1) * voices)
      }
      const scores = await likelihood.score(audio, speaker)
      for (const [i, { u, v }] of part.entries()) sums[u]![v] = sums[u]![v]! + scores[i]!
    }
  } finally {
    await likelihood.dispose()
  }
  return sums.map((sum, u) => {
    const frames = framed[u]!.length
    const means = sum.map((value) => value / frames)
    return { frames, voices: means.slice(0, voices), average: means[voices]! }
  })
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
