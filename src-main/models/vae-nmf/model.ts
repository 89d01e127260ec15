import { NagareError } from '../../lib/errors'
import type { NDArrays } from '../../lib/ndarray'
import type { OpenPack } from '../../packs'
import { FrontEnd, VaeConfig } from './config'
import { featureShapes, vaeShapes } from './network'

/** A speech VAE ready to use. */
export interface SpeechModel {
  config: VaeConfig
  frontEnd: FrontEnd
  weights: NDArrays
}

/** The speech VAE in a pack; throws `bad-input` for another kind, `corrupt` where card and weights do not fit. */
export function speechModel({ path, manifest, weights }: OpenPack): SpeechModel {
  if (manifest.kind !== 'vae-nmf')
    throw new NagareError(
      'bad-input',
      `${path} is a ${manifest.kind} model; speech enhancement needs a vae-nmf model.`,
      { file: path },
    )
  const config = VaeConfig.safeParse(manifest.config)
  const frontEnd = FrontEnd.safeParse(manifest.frontEnd)
  const bad = (why: string) =>
    new NagareError('corrupt', `${path}: ${why}.`, { file: path, hint: 'Get the model again.' })
  if (!config.success) throw bad(`its configuration is not a speech VAE's (${config.error.issues[0]!.path.join('.')})`)
  if (!frontEnd.success) throw bad("its front end is not a speech VAE's")
  if (config.data.bins !== frontEnd.data.size / 2 + 1)
    throw bad(
      `a window of ${frontEnd.data.size} samples gives ${frontEnd.data.size / 2 + 1} bins, the network has ${config.data.bins}`,
    )
  const wanted = {
    ...vaeShapes(config.data),
    ...(config.data.encoder.input === 'log-power' ? featureShapes(config.data) : {}),
  }
  for (const [name, shape] of Object.entries(wanted)) {
    const found = weights[name]
    if (!found) throw bad(`its weights lack ${name}`)
    if (found.dtype !== 'float32' || found.shape.join() !== (shape as number[]).join())
      throw bad(`${name} has shape [${found.shape}], expected [${shape as number[]}]`)
  }
  return { config: config.data, frontEnd: frontEnd.data, weights }
}
