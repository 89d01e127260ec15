import type { ImageShape } from './image-source'

/** What is done to an image before a detector sees it. */
export interface Preparation {
  /** Deviation of the Gaussian that softens it, pixels; 0 leaves it sharp. */
  blur: number
  /** `even` brings every image to the same mean and deviation, so that how light or strong it is does not count. */
  contrast: 'kept' | 'even'
}

/** Deviations that fill the range of −1 to 1 where contrast is even. */
const DEVIATIONS = 4
/** Least deviation that is stretched: the noise of a flat image stays small. */
const LEAST = 0.02

/** Prepares an image [channels, height, width] from −1 to 1 in its place. */
export function prepareImage(image: Float32Array, shape: ImageShape, { blur, contrast }: Preparation): void {
  if (blur > 0) soften(image, shape, blur)
  if (contrast === 'even') even(image)
}

/** x ← (x − mean) / (4 deviations), bounded by −1 and 1; over all channels, so that colours keep their relations. */
function even(image: Float32Array): void {
  let sum = 0
  for (const x of image) sum += x
  const mean = sum / image.length
  let squares = 0
  for (const x of image) squares += (x - mean) ** 2
  const scale = 1 / (DEVIATIONS * Math.max(LEAST, Math.sqrt(squares / image.length)))
  for (let i = 0; i < image.length; i++) image[i] = Math.min(1, Math.max(-1, (image[i]! - mean) * scale))
}

/** A Gaussian over 4 deviations to each side, edge pixels repeated beyond the edges; across, then down. */
function soften(image: Float32Array, [channels, height, width]: ImageShape, deviation: number): void {
  const reach = Math.ceil(4 * deviation)
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / deviation) ** 2))
  const total = kernel.reduce((sum, weight) => sum + weight, 0)
  const line = new Float32Array(Math.max(width, height))
  const along = (start: number, step: number, length: number) => {
    for (let i = 0; i < length; i++) line[i] = image[start + i * step]!
    for (let i = 0; i < length; i++) {
      let sum = 0
      for (let k = -reach; k <= reach; k++) sum += kernel[k + reach]! * line[Math.min(length - 1, Math.max(0, i + k))]!
      image[start + i * step] = sum / total
    }
  }
  for (let row = 0; row < channels * height; row++) along(row * width, 1, width)
  for (let c = 0; c < channels; c++) for (let x = 0; x < width; x++) along(c * height * width + x, width, height)
}

/** What a preparation does, for people: a sentence, or nothing. */
export function preparationInWords({ blur, contrast }: Preparation): string {
  const parts = [
    ...(blur > 0 ? [`softened by a Gaussian of deviation ${blur} pixels`] : []),
    ...(contrast === 'even' ? [`brought to mean 0 and deviation ${1 / DEVIATIONS}, within −1 and 1`] : []),
  ]
  return parts.length > 0 ? ` Before, each image is ${parts.join(', then ')}.` : ''
}
