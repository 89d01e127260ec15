import { NagareError } from '../../lib/errors'
import { sizeOf, type NDArray } from '../../lib/ndarray'
import type { Random } from '../../lib/random'

/** Shape of one image, [channels, height, width]. */
export type ImageShape = readonly [channels: number, height: number, width: number]

/** Images of one shape with numbers from −1 (black) to 1 (white), wherever they come from. */
export interface ImageSource {
  /** How many there are. */
  readonly count: number
  readonly shape: ImageShape
  /** Images `first` … `first + count − 1` as they are, one after the other. */
  at(first: number, count: number): Float32Array | Promise<Float32Array>
  /** A batch for training, drawn and augmented as the source likes, by `random` alone. */
  draw(batch: number, random: Random): Float32Array | Promise<Float32Array>
}

/** Images in memory as a source; draws are with replacement and mirrored left to right half of the time where `mirrored`. */
export function imagesInMemory(images: NDArray, { mirrored = false }: { mirrored?: boolean } = {}): ImageSource {
  const [count, ...rest] = images.shape as [number, number, number, number]
  if (images.shape.length !== 4 || images.dtype !== 'float32')
    throw new NagareError(
      'bad-input',
      `Images are float32 [count, channels, height, width]; found ${images.dtype} [${images.shape}].`,
    )
  const shape = rest as unknown as ImageShape
  const size = sizeOf(shape)
  const data = images.data as Float32Array
  return {
    count,
    shape,
    at: (first, wanted) => data.slice(first * size, (first + wanted) * size),
    draw(batch, random) {
      const out = new Float32Array(batch * size)
      for (let i = 0; i < batch; i++) {
        const start = random.integer(count) * size
        const image = out.subarray(i * size, (i + 1) * size)
        image.set(data.subarray(start, start + size))
        if (mirrored && random.uniform() < 0.5) mirror(image, shape)
      }
      return out
    },
  }
}

/** Turns an image left to right in its place. */
export function mirror(image: Float32Array, [channels, height, width]: ImageShape): void {
  for (let row = 0; row < channels * height; row++) image.subarray(row * width, (row + 1) * width).reverse()
}

/** Goes through a source in whole batches; the last one is filled up with zeros. `seen` is how many of its images count. */
export async function eachBatch(
  source: ImageSource,
  batch: number,
  use: (images: Float32Array, seen: number, first: number) => Promise<void> | void,
): Promise<void> {
  const size = sizeOf(source.shape)
  for (let first = 0; first < source.count; first += batch) {
    const seen = Math.min(batch, source.count - first)
    const found = await source.at(first, seen)
    const images = seen === batch ? found : new Float32Array(batch * size)
    if (images !== found) images.set(found)
    await use(images, seen, first)
  }
}
