import { float32, type NDArray } from '../../src-main/lib/ndarray'
import { random } from '../../src-main/lib/random'

/** Images [count, channels, size, size] of one soft light blob near the middle on black; odd ones have a bright line across. */
export function blobs(count: number, size: number, { channels = 1, seed = 1, odd = false } = {}): NDArray {
  const draws = random(seed)
  const images = float32([count, channels, size, size])
  for (let i = 0; i < count; i++) {
    const [y, x] = [size / 2 + draws.normal() * size * 0.06, size / 2 + draws.normal() * size * 0.06]
    const radius = size * (0.2 + 0.03 * draws.normal())
    const line = odd ? draws.integer(size) : -1
    for (let c = 0; c < channels; c++)
      for (let row = 0; row < size; row++)
        for (let column = 0; column < size; column++) {
          const light = 1.8 * Math.exp(-((row - y) ** 2 + (column - x) ** 2) / (2 * radius ** 2)) - 0.9
          images.data[((i * channels + c) * size + row) * size + column] = row === line ? 1 : light
        }
  }
  return images
}
