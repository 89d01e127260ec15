import { z } from 'zod'
import { crop, fitSquare, placement, withChannels, type FitMode, type Picture, type Readable } from '../../image'
import { float32, type NDArray } from '../../lib/ndarray'
import type { ImageShape } from './image-source'
import { prepareImage } from './prepare-image'

/** How a detector sees a picture: whole, fitted to its square, or in overlapping squares at native resolution. */
export const View = z.object({
  mode: z.enum(['whole', 'tiles']),
  /** Side of the detector's square, pixels. */
  size: z.int().min(8).max(256),
  channels: z.union([z.literal(1), z.literal(3)]),
  /** Least overlap of tiles, pixels. */
  overlap: z.int().min(0).max(128),
  /** What is done to each image before (see `prepareImage`). */
  blur: z.number().min(0).max(8).default(0),
  contrast: z.enum(['kept', 'even']).default('kept'),
})
export type View = z.infer<typeof View>

export const shapeOfView = ({ channels, size }: View): ImageShape => [channels, size, size]

/** Pictures' values 0 to 1 [height, width, channels] as a detector's −1 to 1 [count, channels, size, size], prepared; all are `size` pixels square. */
export function imagesOf(pictures: readonly Picture[], view: View): NDArray & { data: Float32Array } {
  const { channels, size } = view
  const shape = shapeOfView(view)
  const images = float32([pictures.length, ...shape])
  const pixels = size * size
  for (const [i, picture] of pictures.entries()) {
    const { data } = withChannels(picture, channels)
    for (let c = 0; c < channels; c++) {
      const to = (i * channels + c) * pixels
      for (let p = 0; p < pixels; p++) images.data[to + p] = 2 * data[p * channels + c]! - 1
    }
    prepareImage(images.data.subarray(i * channels * pixels, (i + 1) * channels * pixels), shape, view)
  }
  return images
}

/** The way back: images −1 to 1 as pictures of 8 bits. */
export function picturesOf({ shape, data }: NDArray): Picture[] {
  const [count, channels, height, width] = shape as [number, 1 | 3, number, number]
  const pixels = height * width
  return Array.from({ length: count }, (_, i) => {
    const values = new Float32Array(pixels * channels)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < pixels; p++) values[p * channels + c] = (data[(i * channels + c) * pixels + p]! + 1) / 2
    return { width, height, channels, depth: 8, data: values }
  })
}

const mode: FitMode = 'pad'

/** A picture in memory fitted to a view's square. */
export const fitted = (picture: Picture, { size }: View): Picture => fitSquare(picture, size, mode)

/** Where a picture lies in a view's square. */
export const placed = ({ info }: Readable, { size }: View) => placement(info.width, info.height, size, mode)

/** A square of a picture whose upper left corner is at `x`, `y`; beyond its edges they are repeated. */
export const square = (picture: Picture, x: number, y: number, size: number): Picture =>
  crop(picture, { x, y, width: size, height: size })
