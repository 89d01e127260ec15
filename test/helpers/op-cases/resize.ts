import * as tf from '@tensorflow/tfjs-core'
import { cases, sample, type OpCase, type Spec } from './case'

type Image = tf.Tensor4D
type Resize = (x: Image, size: [number, number], alignCorners?: boolean, halfPixelCenters?: boolean) => tf.Tensor

const sizes: [number, number][] = [
  [8, 6],
  [5, 7],
  [2, 2],
  [1, 4],
  [4, 3],
]
const resized = (op: Resize): OpCase[] =>
  cases(
    ...sizes.flatMap((size) =>
      [
        [false, false],
        [true, false],
        [false, true],
      ].map(([corners, half]): Spec => [
        `to ${size}${corners ? ', corners aligned' : half ? ', half pixels' : ''}`,
        { x: sample([2, 4, 3, 2]) },
        ({ x }) => op(x as Image, size, corners, half),
      ]),
    ),
    ['one channel', { x: sample([3, 2, 3, 1]) }, ({ x }) => op(x as Image, [5, 6], false, true)],
  )

export const resizeCases: Record<string, OpCase[]> = {
  ResizeNearestNeighbor: resized((x, ...rest) => tf.image.resizeNearestNeighbor(x, ...rest)),
  ResizeBilinear: resized((x, ...rest) => tf.image.resizeBilinear(x, ...rest)),
}
