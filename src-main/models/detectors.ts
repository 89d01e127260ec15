import { NagareError } from '../lib/errors'
import { patchGaussianSpec, pcaSpec } from './anomaly/plain-detectors'
import type { DetectorSpec } from './anomaly/spec'
import { fAnoganSpec } from './f-anogan/spec'
import { syntheticDefectsSpec } from './synthetic-defects/spec'

/** Kinds of model that inspect pictures, the usual one first. */
export const detectors = [
  fAnoganSpec,
  patchGaussianSpec,
  syntheticDefectsSpec,
  pcaSpec,
] as unknown as readonly DetectorSpec[]

/** The kind of detector called `kind`. Throws `bad-input` naming the kinds there are. */
export function detectorSpec(kind: string): DetectorSpec {
  const found = detectors.find((spec) => spec.kind === kind)
  if (found) return found
  const kinds = detectors.map((spec) => spec.kind).join(', ')
  throw new NagareError('bad-input', `A ${kind} model inspects no pictures; these do: ${kinds}.`)
}
