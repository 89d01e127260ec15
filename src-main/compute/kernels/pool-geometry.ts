import * as tf from '@tensorflow/tfjs-core'

/** The padding of a maximum: less than every number, and still one that can be multiplied by zero. */
export const LEAST = -3.4e38

/** Where the windows of a pooling lie: along the two spatial axes of [batch, height, width, channels]. */
export interface PoolGeometry {
  /** Window, step and number of windows along height and width. */
  windows: readonly [number, number]
  strides: readonly [number, number]
  counts: readonly [number, number]
  /** Padding before and after: exactly what the windows reach. */
  pads: readonly [readonly [number, number], readonly [number, number]]
  /** Shape of the result, [batch, height, width, channels]. */
  shape: [number, number, number, number]
}

/** Geometry of tfjs' `MaxPool` and `AvgPool` for x of `shape` [batch, height, width, channels]. */
export function poolGeometry(shape: readonly number[], attrs: tf.MaxPoolAttrs): PoolGeometry {
  const { filterSize, strides, pad, dimRoundingMode } = attrs
  const info = tf.backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  )
  const windows = [info.filterHeight, info.filterWidth] as const
  const steps = [info.strideHeight, info.strideWidth] as const
  const counts = [info.outHeight, info.outWidth] as const
  const pads = ([info.padInfo.top, info.padInfo.left] as const).map((before, i) => {
    const reached = (counts[i]! - 1) * steps[i]! + windows[i]!
    return [before, Math.max(0, reached - before - shape[i + 1]!)] as const
  })
  return {
    windows,
    strides: steps,
    counts,
    pads: pads as unknown as PoolGeometry['pads'],
    shape: [info.batchSize, counts[0], counts[1], info.inChannels],
  }
}

/** How many elements of the input each window covers along one axis. */
export function coveredCounts({ windows, strides, counts, pads }: PoolGeometry, axis: 0 | 1, side: number): number[] {
  return Array.from({ length: counts[axis] }, (_, i) => {
    const start = i * strides[axis] - pads[axis][0]
    return Math.min(start + windows[axis], side) - Math.max(start, 0)
  })
}
