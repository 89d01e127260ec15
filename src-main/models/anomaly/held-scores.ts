import { z } from 'zod'
import { NagareError } from '../../lib/errors'
import type { OpenPack } from '../../packs'
import { lineOf, onScale, normalScores } from './calibration'
import { detectorModel } from './pack-model'
import type { DetectorSpec } from './spec'

/** What of an inspection's settings decides its scale. */
const Scale = z.object({
  falseAlarms: z.number().optional(),
  kappa: z.number().optional(),
  method: z.string().optional(),
})

/**
 * The scores of the held-out normal pictures that a pack was calibrated with, ascending, on the scale that an inspection with these settings has.
 * Throws `bad-input` for a way to score that the pack is not calibrated for, `corrupt`.
 */
export async function heldScores(
  spec: DetectorSpec,
  pack: OpenPack,
  settings: Readonly<Record<string, unknown>>,
): Promise<number[]> {
  const { falseAlarms, kappa, method: asked } = Scale.parse(settings)
  const { calibrations, card } = await detectorModel(pack)
  const method = asked === undefined || asked === 'usual' ? card.methods[0]! : asked
  const calibration = calibrations[method]
  if (!calibration) throw new NagareError('bad-input', `${pack.path} cannot score by ${method}.`, { file: pack.path })
  const weights = spec.termWeights({ method, kappa })
  const { score: line } = lineOf(calibration, weights, falseAlarms)
  return normalScores(calibration, weights)
    .map((raw) => onScale(raw, line))
    .sort((a, b) => a - b)
}
