import type { Device } from '../../compute'
import { float32 } from '../../lib/ndarray'
import { openLikelihood } from './likelihood'
import type { VoiceModel } from './model'

/** Frames that are scored at once, and scores that one identification may cost. */
const batch = 8
const mostScores = 160

/** Who is likeliest to speak, and how likely each voice is. */
export interface Identified {
  voice: number
  /** Mean nats per sample under each voice. */
  likelihoods: number[]
}

/**
 * Finds the voice under which frames [frame] are likeliest (Serrà et al., 2019, eq. 1). Of many frames some are taken, spread over all; at least
 * one is needed.
 */
export async function identify(
  device: Device,
  model: VoiceModel,
  frames: readonly Float32Array[],
  check: () => void = () => {},
): Promise<Identified> {
  const { frame, voices } = model.config
  const count = Math.max(1, Math.min(frames.length, Math.round(mostScores / voices)))
  const chosen = Array.from({ length: count }, (_, i) => frames[Math.floor(((i + 0.5) * frames.length) / count)]!)
  const pairs = chosen.flatMap((x) => Array.from({ length: voices }, (_, voice) => ({ x, voice })))
  const sums = new Float64Array(voices)
  const likelihood = await openLikelihood(device, model, batch)
  try {
    for (let at = 0; at < pairs.length; at += batch) {
      check()
      const audio = float32([batch, frame])
      const speaker = float32([batch, voices])
      const part = pairs.slice(at, at + batch)
      for (const [i, { x, voice }] of part.entries()) {
        audio.data.set(x, i * frame)
        speaker.data[i * voices + voice] = 1
      }
      const scores = await likelihood.score(audio, speaker)
      for (const [i, { voice }] of part.entries()) sums[voice] = sums[voice]! + scores[i]! / count
    }
  } finally {
    await likelihood.dispose()
  }
  const likelihoods = [...sums]
  return { voice: likelihoods.indexOf(Math.max(...likelihoods)), likelihoods }
}
