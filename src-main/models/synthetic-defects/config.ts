import { z } from 'zod'

/** How often the network halves an image; channels double each time. */
export const HALVINGS = 3
/** Sides of images are multiples of it, pixels. */
export const GRAIN = 2 ** HALVINGS
/** Groups of channels that are normalised together. */
export const GROUPS = 4

/** Shape of the network. */
export const SegmenterConfig = z.object({
  /** 1 for grey, 3 for RGB. */
  channels: z.union([z.literal(1), z.literal(3)]),
  /** Side of the square images that are scored, pixels: a multiple of 8, as the network halves them three times. */
  size: z.int().min(GRAIN).max(256).multipleOf(GRAIN),
  /** Channels at the full resolution; they double with each halving. A multiple of 4, as they are normalised in four groups. */
  width: z.int().min(GROUPS).max(256).multipleOf(GROUPS).default(16),
  /** Side of the window that the map is averaged over, pixels: odd. */
  smoothing: z.int().min(1).max(31).default(5),
  /** How many ways an image is turned to be scored: as it is, mirrored left to right too (2), or all (8); the mean counts. */
  turns: z.union([z.literal(1), z.literal(2), z.literal(8)]).default(1),
})
export type SegmenterConfig = z.infer<typeof SegmenterConfig>
