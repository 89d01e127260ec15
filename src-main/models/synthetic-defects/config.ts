import { z } from 'zod'

/** Shape of the network. */
export const SegmenterConfig = z.object({
  /** 1 for grey, 3 for RGB. */
  channels: z.union([z.literal(1), z.literal(3)]),
  /** Side of the square images that are scored, pixels: even. */
  size: z.int().min(8).max(256).multipleOf(2),
  /** Channels of the hidden layers. */
  width: z.int().min(1).max(256).default(24),
  /** Side of the window that the map is averaged over, pixels: odd. */
  smoothing: z.int().min(1).max(31).default(5),
})
export type SegmenterConfig = z.infer<typeof SegmenterConfig>
