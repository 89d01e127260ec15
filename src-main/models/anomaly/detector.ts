import type { Device } from '../../compute'
import type { NDArray, NDArrays } from '../../lib/ndarray'
import type { ImageSource } from './image-source'

/** What a detector finds in images. */
export interface Findings {
  /** Higher for what is odd, one number an image; no bounds, no unit (see `calibration`). */
  scores: Float32Array
  /** The same pixel by pixel, [count, height, width]. */
  map: NDArray
  /** What the score is made of, one number an image each. */
  terms?: Record<string, Float32Array>
}

/** A model of normal images, ready to say what is odd in others. */
export interface Detector {
  /** images [count, channels, height, width] between −1 and 1. An image's answer does not depend on the others. */
  score(images: NDArray): Promise<Findings>
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
