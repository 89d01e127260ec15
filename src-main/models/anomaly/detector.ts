import type { Device } from '../../compute'
import type { NDArray, NDArrays } from '../../lib/ndarray'
import type { ImageSource } from './image-source'
import type { Pool } from './kept-terms'

/** What a detector finds in images. */
export interface Findings {
  /** Each thing that it measures, higher for what is odd, one number an image; no bounds, no unit (see `calibration`). */
  terms: Record<string, Float32Array>
  /** How odd every pixel is, [count, height, width]. */
  map: NDArray
  /** What it makes of the images, like them, where it makes any. */
  reconstruction?: NDArray
}

/** A model of normal images, ready to say what is odd in others. */
export interface Detector {
  /** How much each term counts in the score, once it is told in standard deviations of normal images. */
  readonly weights: Readonly<Record<string, number>>
  /** How terms follow from the map, where they do: so they are told without the parts of a picture that do not count. */
  readonly pools?: Readonly<Record<string, Pool>>
  /** images [count, channels, height, width] between −1 and 1. An image's answer does not depend on the others. */
  score(images: NDArray, check?: () => void): Promise<Findings>
  close(): Promise<void>
}

export interface FitContext {
  device: Device
  seed: number
  progress(done: number, total: number): void
  /** Throws `cancelled` once the person asked to stop. */
  checkCancelled(): void
}

/** A way to model normal images that needs no training by gradients. */
export interface Method<Settings> {
  kind: string
  label: string
  /** What it learns of normal images, as arrays that a pack can hold. Throws `bad-input` for too few of them. */
  fit(normals: ImageSource, settings: Settings, context: FitContext): Promise<NDArrays>
  /** A detector from those arrays. Throws `corrupt` where they do not fit together. */
  open(arrays: NDArrays, device: Device): Promise<Detector>
}
