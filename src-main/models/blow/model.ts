import { NagareError } from '../../lib/errors'
import type { NDArrays } from '../../lib/ndarray'
import type { OpenPack } from '../../packs'
import { faultOf } from './check-weights'
import { BlowConfig, VoiceFrontEnd } from './config'
import { voicesOf, type Voices } from './voices'
import { weightShapes } from './weights'

/** A Blow ready to use. */
export interface VoiceModel {
  config: BlowConfig
  frontEnd: VoiceFrontEnd
  voices: Voices
  weights: NDArrays
}

/** The Blow in a pack; throws `bad-input` for another kind, `corrupt` where card, voices and weights do not fit. */
export async function voiceModel(pack: OpenPack): Promise<VoiceModel> {
  const { path, manifest, weights } = pack
  if (manifest.kind !== 'blow')
    throw new NagareError('bad-input', `${path} is a ${manifest.kind} model; voice conversion needs a blow model.`, {
      file: path,
    })
  const bad = (why: string) =>
    new NagareError('corrupt', `${path}: ${why}.`, { file: path, hint: 'Get the model again.' })
  const config = BlowConfig.safeParse(manifest.config)
  const frontEnd = VoiceFrontEnd.safeParse(manifest.frontEnd)
  if (!config.success) throw bad(`its configuration is not a Blow's: ${config.error.issues[0]!.message}`)
  if (!frontEnd.success) throw bad("its front end is not a Blow's")
  for (const [name, shape] of Object.entries(weightShapes(config.data))) {
    const found = weights[name]
    if (!found) throw bad(`its weights lack ${name}`)
    if (found.dtype !== 'float32' || found.shape.join() !== (shape as number[]).join())
      throw bad(`${name} has shape [${found.shape}], expected [${shape as number[]}]`)
  }
  const fault = faultOf(config.data, weights)
  if (fault !== undefined) throw bad(fault)
  const voices = await voicesOf(pack)
  if (voices.voices.length !== config.data.voices)
    throw bad(`it names ${voices.voices.length} voices and holds ${config.data.voices}`)
  return { config: config.data, frontEnd: frontEnd.data, voices, weights }
}
