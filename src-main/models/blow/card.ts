import { basename, isAbsolute, relative, sep } from 'node:path'
import type { PackCard } from '../../packs'
import type { Standing } from '../checkpoint'
import type { TrainContext } from '../family'
import type { BaseModel } from './base'
import type { BlowConfig, VoiceFrontEnd } from './config'
import type { Recipe } from './recipe'
import type { SpeakerData } from './speakers'

/** What a run trains, for its card. */
export interface Trained {
  config: BlowConfig
  frontEnd: VoiceFrontEnd
  recipe: Recipe
  data: SpeakerData
  /** All voices, and the model that the new ones of them were added to. */
  speakers: readonly string[]
  base: BaseModel | undefined
  /** Frames trained on. */
  count: number
}

/** A pack's card: what the person told of it, and how it came to be. */
export function cardOf(
  { data: folders, command, device, about }: TrainContext,
  { config, frontEnd, recipe, data, speakers, base, count }: Trained,
  { step, bestStep, seconds, seed, restarts = 0 }: Standing,
  metrics: PackCard['metrics'],
): PackCard {
  return {
    kind: 'blow',
    name: about?.name ?? 'Voices',
    description: about?.description ?? `Turns a voice into another: ${speakers.join(', ')}.`.slice(0, 4000),
    licence: about?.licence ?? base?.card.licence ?? 'As the training data',
    config: { ...config },
    frontEnd,
    provenance: {
      data: [
        ...(base?.card.provenance.data ?? []).filter(
          ({ name }) => !folders.some((folder) => basename(folder) === name),
        ),
        ...folders.map((folder) => ({
          name: basename(folder),
          licence: about?.data?.[basename(folder)] ?? 'not stated',
          amount: `${data.training.filter(({ file }) => isBelow(folder, file)).length} recordings`,
        })),
      ],
      command,
      seed,
      steps: step,
      seconds: Math.round(seconds),
      device,
      notes:
        (base
          ? `${base.relation} ${base.card.name} (${base.card.provenance.steps ?? 0} steps, sha256 ${base.sha256}). `
          : '') +
        `The weights are ${recipe.average > 0 ? 'the average' : 'those'} of step ${bestStep}, the best in validation. ` +
        `${count} frames of ${config.frame} samples; ${restarts} restarts.`,
    },
    metrics,
  }
}

function isBelow(folder: string, file: string): boolean {
  const path = relative(folder, file)
  return path.split(sep)[0] !== '..' && !isAbsolute(path)
}
