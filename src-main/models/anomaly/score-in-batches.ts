import type { Runner } from '../../compute'
import { float32, sizeOf, type NDArray, type NDArrays } from '../../lib/ndarray'
import { eachBatch, type ImageSource } from './image-source'

/**
 * Runs a program with the input `images` [batch, channels, height, width] over all images of a source; its outputs, which have a row for each image, come
 * back as one array each. `check` is called before each batch.
 */
export async function scoreInBatches(
  runner: Pick<Runner, 'run'>,
  images: ImageSource,
  batch: number,
  check: () => void = () => {},
): Promise<NDArrays> {
  const all: Record<string, NDArray & { data: Float32Array }> = {}
  await eachBatch(images, batch, async (numbers, seen, first) => {
    check()
    const outputs = await runner.run({ images: float32([batch, ...images.shape], numbers) })
    for (const [name, { shape, data }] of Object.entries(outputs)) {
      const size = sizeOf(shape.slice(1))
      const whole = (all[name] ??= float32([images.count, ...shape.slice(1)]))
      whole.data.set((data as Float32Array).subarray(0, seen * size), first * size)
    }
  })
  return all
}
