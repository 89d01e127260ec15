import { NagareError } from '../../lib/errors'
import { float32, type NDArrays } from '../../lib/ndarray'
import { openPack } from '../../packs'
import { voiceModel } from './model'
import type { Recipe } from './recipe'
import type { Voices } from './voices'

/** A trained model that voices are added to. */
export interface BaseModel {
  /** The run's settings, with the network's sizes those of the model. */
  recipe: Recipe
  voices: Voices['voices']
  /** The samples of its voices, as files of the new pack. */
  files: Record<string, Uint8Array>
  /**
   * The model with a row for each speaker that it does not know, and which weights then move: the voices and what adapts the couplings to them. A new
   * voice starts as the mean of the others. Throws `bad-input` where all are known.
   */
  extended(speakers: readonly string[]): {
    speakers: string[]
    weights: NDArrays
    trained(name: string): boolean
  }
}

/** Opens the pack at `recipe.base`. Throws what `openPack` and `voiceModel` throw. */
export async function addVoices(recipe: Recipe): Promise<BaseModel> {
  const pack = await openPack(recipe.base)
  const { config, frontEnd, voices, weights } = await voiceModel(pack)
  const known = voices.voices.map(({ name }) => name)
  const files: Record<string, Uint8Array> = {}
  for (const { sample } of voices.voices) if (sample) files[sample] = await pack.file(sample)
  const { frame, blocks, flows, channels, embedding } = config
  return {
    recipe: { ...recipe, frame, blocks, flows, channels, embedding, sampleRate: frontEnd.sampleRate },
    voices: voices.voices,
    files,
    extended(speakers) {
      const fresh = speakers.filter((name) => !known.some((other) => other.toLowerCase() === name.toLowerCase()))
      if (fresh.length === 0)
        throw new NagareError(
          'bad-input',
          `${recipe.base} knows ${speakers.join(', ')} already; nothing is to be added.`,
          {
            hint: 'Give recordings of a new speaker, in a folder or under a name of its own.',
          },
        )
      const table = weights['voices']!
      const extended = float32([known.length + fresh.length, embedding])
      extended.data.set(table.data as Float32Array)
      for (let row = known.length; row < known.length + fresh.length; row++)
        for (let i = 0; i < embedding; i++) {
          let sum = 0
          for (let v = 0; v < known.length; v++) sum += table.data[v * embedding + i]!
          extended.data[row * embedding + i] = sum / known.length
        }
      return {
        speakers: [...known, ...fresh],
        weights: { ...weights, voices: extended },
        trained: (name) => name === 'voices' || /\.(kernel|offset)\.(weight|bias)$/.test(name),
      }
    },
  }
}
