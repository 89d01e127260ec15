import { NagareError } from '../lib/errors'
import { detectorFamily } from './anomaly/detector-family'
import { blow } from './blow'
import { detectors } from './detectors'
import type { ModelFamily } from './family'
import { vaeNmf } from './vae-nmf'
import { waveGlow } from './waveglow'

const families: readonly ModelFamily[] = [vaeNmf, blow, waveGlow, ...detectors.map(detectorFamily)]

/** Kinds of model that Nagare trains, evaluates and imports. */
export const kinds: readonly string[] = families.map(({ kind }) => kind)

/** The family of `kind`; throws `bad-input` naming the kinds there are. */
export function family(kind: string): ModelFamily {
  const found = families.find((known) => known.kind === kind)
  if (found) return found
  throw new NagareError('bad-input', `There is no kind of model ${kind}; there is: ${kinds.join(', ')}.`)
}
