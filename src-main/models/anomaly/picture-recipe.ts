import { z } from 'zod'

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most)

/** Settings of a training run that say which pictures it learns from, and how it sees them; every kind of detector has them beside its own. */
export const pictureSettings = {
  /** Which class is normal, where the data have several. */
  normal: z.string().max(200).default(''),
  /** Pictures whole, fitted to the square, or squares of them at native resolution. */
  mode: z.enum(['whole', 'tiles']).default('whole'),
  /** Side of the square, pixels. */
  size: count(8, 256).default(64),
  /** `auto` takes colour where any picture has it. */
  channels: z.enum(['auto', 'grey', 'colour']).default('auto'),
  /** Least overlap of tiles, pixels; a quarter of the size where left out. */
  overlap: count(0, 128).optional(),
  /** Deviation of the Gaussian that softens images, pixels; 0 leaves them sharp. */
  blur: z.coerce.number().min(0).max(8).default(0),
  /** `even` brings every image to the same mean and deviation: where how strong a print or how bright the light is tells nothing. */
  contrast: z.enum(['kept', 'even']).default('kept'),
  /** Most images to learn from: of more pictures some are drawn; tiles are drawn from all pictures alike until there are so many. */
  pieces: count(20, 1e6).default(10_000),
  /** Whether images may be mirrored left to right while learning. */
  mirrored: z.enum(['no', 'yes']).default('no'),
  /** Part of the normal pictures that is held out to find the threshold by, where the data hold none out themselves. */
  heldOut: z.coerce.number().min(0.01).max(0.5).default(0.1),
  /** Part of the normal pictures kept for testing where the data come without a test part. */
  testPart: z.coerce.number().min(0).max(0.9).default(0.2),
  /** What puts the threshold: a share of alarms among normal pictures, or the best F1 over the data's labelled defects. */
  rule: z.enum(['false-alarms', 'f1']).default('false-alarms'),
}

export type PictureRecipe = z.infer<z.ZodObject<typeof pictureSettings>>
