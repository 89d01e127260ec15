import { NagareError } from '../../lib/errors'
import { voiceKey, type Voices } from '../../packs'

export { Voices, voicesOf } from '../../packs'

/** Number of the voice called `name`, whatever its case. Throws `bad-input` listing the voices there are. */
export function voiceNumber({ voices }: Voices, name: string): number {
  const found = voices.findIndex((voice) => voiceKey(voice.name) === voiceKey(name))
  if (found >= 0) return found
  throw new NagareError(
    'bad-input',
    `There is no voice ${name}; there is: ${voices.map(({ name }) => name).join(', ')}.`,
  )
}

/** Weights of the voices on the way from some to others: 0 is where it starts, 1 where it leads, more goes beyond. */
export const towards = (from: Float32Array, to: Float32Array, strength: number): Float32Array =>
  from.map((share, i) => (1 - strength) * share + strength * to[i]!)

/** Voice `number` of `count` alone, as weights of them: a single 1. */
export const oneVoice = (count: number, number: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => (i === number ? 1 : 0))
