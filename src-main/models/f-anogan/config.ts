import { z } from 'zod'

/** Shape of the three networks of f-AnoGAN (Schlegl et al., 2019): generator, critic and encoder. */
export const FAnoganConfig = z
  .object({
    /** `residual` as published; `mlp` is the dense form for digits that a public PyTorch port made known. */
    network: z.enum(['residual', 'mlp']).default('residual'),
    /** Sides of the square images, pixels: `start · 2^levels` for the residual networks. */
    size: z.int().min(8).max(256).default(64),
    /** 1 for grey, 3 for RGB. */
    channels: z.union([z.literal(1), z.literal(3)]).default(1),
    /** Channels at the images' own resolution; they double with each halving, up to eightfold. The `mlp` networks have widths of their own. */
    width: z.int().min(1).max(256).default(16),
    /** Numbers of a latent vector. */
    latent: z.int().min(1).max(1024).default(128),
    /** What bounds the encoder's answer: z is drawn from a standard normal, so `tanh` keeps it to the middle (the paper's choice). */
    encoderEnd: z.enum(['tanh', 'none']).default('tanh'),
    /** Added to variances by batch and layer normalisation. The public port has 0.8 here. */
    epsilon: z.number().positive().max(1).default(1e-5),
  })
  .superRefine((config, context) => {
    if (config.network === 'residual' && startOf(config) > 7)
      context.addIssue({
        code: 'custom',
        message: `images must be 4 to 7 times a power of two wide, such as 28, 32, 64 or 128 pixels; found ${config.size}`,
      })
  })
export type FAnoganConfig = z.infer<typeof FAnoganConfig>

/** Side of the smallest feature maps: the size halved as long as it stays whole and at least 4. 28 pixels start at 7, 32, 64 and 128 at 4. */
export const startOf = ({ size }: Pick<FAnoganConfig, 'size'>): number => size / 2 ** levelsOf({ size })

/** How often the images are halved on the way in, and doubled on the way out. */
export function levelsOf({ size }: Pick<FAnoganConfig, 'size'>): number {
  let levels = 0
  for (let side = size; side % 2 === 0 && side >= 8; side /= 2) levels++
  return levels
}

/** Channels after `level` halvings. */
export const channelsAt = ({ width }: Pick<FAnoganConfig, 'width'>, level: number): number =>
  width * Math.min(8, 2 ** level)

/** Shape of one image, [channels, height, width]. */
export const imageShape = ({ channels, size }: Pick<FAnoganConfig, 'channels' | 'size'>): [number, number, number] => [
  channels,
  size,
  size,
]

/** Numbers of one image. */
export const pixelsOf = ({ channels, size }: Pick<FAnoganConfig, 'channels' | 'size'>): number => channels * size * size
