import { NagareError } from '../../lib/errors'
import type { NDArrays } from '../../lib/ndarray'
import type { OpenPack } from '../../packs'
import { MelFrontEnd, WaveGlowConfig } from './config'
import { weightShapes } from './weights'

/** A WaveGlow ready to use. */
export interface VocoderModel {
  config: WaveGlowConfig
  frontEnd: MelFrontEnd
  weights: NDArrays
}

/** The WaveGlow in a pack; throws `bad-input` for another kind, `corrupt` where card and weights do not fit. */
export function vocoderModel({ path, manifest, weights }: OpenPack): VocoderModel {
  if (manifest.kind !== 'waveglow')
    throw new NagareError('bad-input', `${path} is a ${manifest.kind} model; a vocoder needs a waveglow model.`, {
      file: path,
    })
  const bad = (why: string) =>
    new NagareError('corrupt', `${path}: ${why}.`, { file: path, hint: 'Get the model again.' })
  const config = WaveGlowConfig.safeParse(manifest.config)
  const frontEnd = MelFrontEnd.safeParse(manifest.frontEnd)
  if (!config.success) throw bad(`its configuration is not a WaveGlow's: ${config.error.issues[0]!.message}`)
  if (!frontEnd.success) throw bad(`its front end is not a WaveGlow's: ${frontEnd.error.issues[0]!.message}`)
  for (const name of ['mels', 'hop'] as const)
    if (config.data[name] !== frontEnd.data[name])
      throw bad(`its front end has ${name} ${frontEnd.data[name]}, its network ${config.data[name]}`)
  for (const [name, shape] of Object.entries(weightShapes(config.data))) {
    const found = weights[name]
    if (!found) throw bad(`its weights lack ${name}`)
    if (found.dtype !== 'float32' || found.shape.join() !== (shape as number[]).join())
      throw bad(`${name} has shape [${found.shape}], expected [${shape as number[]}]`)
  }
  return { config: config.data, frontEnd: frontEnd.data, weights }
}

/** What stands beyond the ends of a spectrogram: nothing where it is upsampled, silence where frames look at their neighbours. */
export const blankFrame = ({ config, frontEnd }: VocoderModel): number =>
  config.conditioning.kind === 'upsampled' ? 0 : Math.log(frontEnd.floor)
