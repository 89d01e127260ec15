import type { Device } from '../../compute'
import { range } from './config'
import { openLikelihood, scorePairs, spread } from './likelihood'
import type { VoiceModel } from './model'

/** Frames that are scored at once. */
const batch = 8
/** Frames that every voice is scored on where there are many voices, and how many of them then stay. */
const fewFrames = 4
const finalists = 8
/** Scores that the decision among those that stay may cost. */
const mostScores = 160

/** Who is likeliest to speak, and how likely each voice is. */
export interface Identified {
  voice: number
  /** Mean nats per sample under each voice; −∞ where one of its scores is no number. */
  likelihoods: number[]
}

/**
 * Finds the voice under which frames [frame] are likeliest (Serrà et al., 2019, eq. 1). Of many frames some are taken, spread over all; of many voices
 * the eight likeliest on four frames are compared on twenty, the figures of the others being those of the four. At least one frame is needed.
 */
export async function identify(
  device: Device,
  model: VoiceModel,
  frames: readonly Float32Array[],
  check: () => void = () => {},
): Promise<Identified> {
  const all = range(model.config.voices)
  const likelihood = await openLikelihood(device, model, batch)
  /** Means of `voices` over at most `most` frames. */
  const means = async (voices: readonly number[], most: number): Promise<number[]> => {
    const chosen = spread(frames, most)
    const pairs = voices.flatMap((voice) => chosen.map((x) => ({ x, voice })))
    const scores = await scorePairs(likelihood, model, batch, pairs, check)
    return voices.map((_, v) => {
      const own = scores.subarray(v * chosen.length, (v + 1) * chosen.length)
      const mean = own.reduce((sum, score) => sum + score, 0) / chosen.length
      return Number.isNaN(mean) ? -Infinity : mean
    })
  }
  try {
    const likelihoods = all.length > finalists ? await means(all, fewFrames) : all.map(() => 0)
    const best = all.sort((a, b) => likelihoods[b]! - likelihoods[a]! || a - b).slice(0, finalists)
    const decided = await means(best, Math.max(1, Math.round(mostScores / best.length)))
    for (const [i, voice] of best.entries()) likelihoods[voice] = decided[i]!
    return { voice: best[decided.indexOf(Math.max(...decided))]!, likelihoods }
  } finally {
    await likelihood.dispose()
  }
}
