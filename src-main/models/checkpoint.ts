import { z } from 'zod'
import { NagareError } from '../lib/errors'
import type { NDArrays } from '../lib/ndarray'
import { decodeSafetensors, encodeSafetensors, openPack, writePack, type PackCard } from '../packs'

/** Where a run stands; with the random state, all that it takes to go on bit for bit. */
export const Standing = z.object({
  step: z.int(),
  random: z.tuple([z.int(), z.int(), z.int(), z.int()]),
  best: z.number().nullable(),
  bestStep: z.int(),
  seconds: z.number(),
  seed: z.int(),
  recipe: z.string(),
  data: z.string(),
  /** Times that the learning rate fell for want of progress, and validations since the last better one. */
  restarts: z.int().optional(),
  waited: z.int().optional(),
  /** Loss of the last validation that was clearly better. */
  bar: z.number().nullable().optional(),
})
export type Standing = z.infer<typeof Standing>

/** What training goes on from. */
export interface Checkpoint {
  standing: Standing
  /** All that training moves, as it was. */
  current: NDArrays
  /** The weights of the best round so far. */
  best: NDArrays
}

/** Writes a checkpoint: a pack of the best weights so far, with the current state of all that training moves beside it, and the pack's `extra` files. */
export async function writeCheckpoint(
  path: string,
  card: PackCard,
  best: NDArrays,
  current: NDArrays,
  standing: Standing,
  extra: Record<string, Uint8Array> = {},
): Promise<void> {
  await writePack(path, card, best, {
    ...extra,
    'training.json': Buffer.from(JSON.stringify(standing)),
    'training.safetensors': encodeSafetensors(current),
  })
}

/** Reads the checkpoint at `path`. Throws `not-found` where there is none, `conflict` where its settings, data or seed are not those `wanted`. */
export async function readCheckpoint(
  path: string,
  wanted: Pick<Standing, 'recipe' | 'data' | 'seed'>,
): Promise<Checkpoint> {
  const pack = await openPack(path).catch((thrown: unknown) => {
    throw new NagareError('not-found', `There is nothing to resume: ${path} is missing or damaged.`, {
      file: path,
      hint: 'Leave --resume out to start anew.',
      cause: thrown,
    })
  })
  const standing = Standing.parse(JSON.parse(Buffer.from(await pack.file('training.json')).toString('utf8')))
  for (const key of ['recipe', 'data', 'seed'] as const)
    if (standing[key] !== wanted[key])
      throw new NagareError(
        'conflict',
        `${path} was made with other ${key === 'recipe' ? 'settings' : key}; training cannot go on from it.`,
        {
          file: path,
          hint: 'Give the same command as before, or leave --resume out to start anew.',
        },
      )
  return { standing, current: decodeSafetensors(await pack.file('training.safetensors')), best: pack.weights }
}
