import { z } from 'zod'

/** Sides of images are multiples of it, pixels. */
export const GRAIN = 8

/** Shape of the network. */
export const SegmenterConfig = z.object({
  /** 1 for grey, 3 for RGB. */
  channels: z.union([z.literal(1), z.literal(3)]),
  /** Side of the square images that are scored, pixels: a multiple of 8, as the network halves them three times. */
  size: z.int().min(GRAIN).max(256).multipleOf(GRAIN),
  /** Channels at half the resolution; they double with each further halving. */
  width: z.int().min(1).max(256).default(24),
  /** Side of the window that the map is averaged over, pixels: odd. */
  smoothing: z.int().min(1).max(31).default(5),
  /** How many ways an image is turned to be scored, 1 or 8: the mean counts. */
  turns: z.union([z.literal(1), z.literal(8)]).default(1),
})
export type SegmenterConfig = z.infer<typeof SegmenterConfig>
