import * as tf from '@tensorflow/tfjs-core'
import { cases, one, S, sample, type OpCase } from './case'

const pads = (...paddings: [number, number][]) => paddings

export const shapeCases: Record<string, OpCase[]> = {
  Reshape: cases(
    ['flat', { x: sample(S) }, ({ x }) => tf.reshape(x!, [-1])],
    ['twice', { x: sample(S) }, ({ x }) => tf.mul(tf.reshape(tf.reshape(x!, [2, 6]), [4, 3]), 2)],
    ['axes of one', { x: sample(S) }, ({ x }) => tf.squeeze(tf.expandDims(tf.tanh(x!), 1))],
  ),
  ExpandDims: cases(
    ['middle', { x: sample(S) }, ({ x }) => tf.expandDims(tf.tanh(x!), 1)],
    ['last', { x: sample(S) }, ({ x }) => tf.expandDims(x!, -1)],
  ),
  Transpose: cases(
    ['plain', { x: sample(S) }, ({ x }) => tf.transpose(x!)],
    ['three axes', { x: sample([2, 3, 4]) }, ({ x }) => tf.transpose(x!, [1, 2, 0])],
    ['order kept', { x: sample([1, 3, 4]) }, ({ x }) => tf.transpose(x!, [1, 0, 2])],
  ),
  Tile: cases(
    ['copies', { x: sample([2, 3]) }, ({ x }) => tf.tile(x!, [2, 3])],
    ['stretched', { x: sample([3, 1]) }, ({ x }) => tf.broadcastTo(x!, [2, 3, 4])],
    [
      'stretched then added',
      { x: sample([3, 1]), y: sample([3, 4]) },
      ({ x, y }) => tf.mul(tf.broadcastTo(x!, [3, 4]), y!),
    ],
  ),
  Concat: cases(
    ['rows', { a: sample([2, 3]), b: sample([1, 3], 'normal', 2) }, ({ a, b }) => tf.concat([a!, b!], 0)],
    ['columns', { a: sample([2, 3]), b: sample([2, 2], 'normal', 2) }, ({ a, b }) => tf.concat([a!, b!, a!], -1)],
  ),
  Pack: cases(
    ['first', { a: sample(S), b: sample(S, 'normal', 2) }, ({ a, b }) => tf.stack([a!, b!])],
    ['last', { a: sample(S), b: sample(S, 'normal', 2) }, ({ a, b }) => tf.stack([a!, b!], -1)],
  ),
  Unpack: cases(
    ['first', { x: sample([3, 2, 2]) }, ({ x }) => tf.unstack(x!)],
    ['last, one used', { x: sample([3, 2, 2]) }, ({ x }) => tf.unstack(x!, 2)[1]!],
  ),
  SplitV: cases(
    ['even', { x: sample([4, 6]) }, ({ x }) => tf.split(x!, 3, 1)],
    ['sizes', { x: sample([4, 6]) }, ({ x }) => tf.split(x!, [1, 3], 0)],
  ),
  Slice: cases(
    ['middle', { x: sample([4, 6]) }, ({ x }) => tf.slice(x!, [1, 2], [2, -1])],
    ['rows', { x: sample([4, 6]) }, ({ x }) => tf.slice(x!, 2)],
  ),
  StridedSlice: cases(
    ['every other', { x: sample([5, 6]) }, ({ x }) => tf.stridedSlice(x!, [0, 1], [5, 6], [2, 2])],
    ['every third, none left over', { x: sample([6, 4]) }, ({ x }) => tf.stridedSlice(x!, [0, 0], [6, 4], [3, 2])],
    ['backwards', { x: sample([5, 6]) }, ({ x }) => tf.stridedSlice(x!, [4, 0], [0, 6], [-1, 1], 0, 1)],
    ['every other backwards', { x: sample([5, 7]) }, ({ x }) => tf.stridedSlice(x!, [0, 5], [5, 0], [1, -2])],
    ['from the end', { x: sample([5, 6]) }, ({ x }) => tf.stridedSlice(x!, [-3, -5], [-1, -1], [1, 3])],
    ['open ends', { x: sample([5, 6]) }, ({ x }) => tf.stridedSlice(x!, [2, 2], [3, 3], [1, 2], 1, 2)],
    ['one row', { x: sample([5, 6]) }, ({ x }) => tf.stridedSlice(x!, [2], [3], [1], 0, 0, 0, 0, 1)],
    ['a new axis', { x: sample([5, 6]) }, ({ x }) => tf.stridedSlice(x!, [0, 1], [0, 4], [1, 2], 0, 0, 0, 1)],
    ['inner axes', { x: sample([3, 2, 4]) }, ({ x }) => tf.stridedSlice(x!, [0, 1], [0, 4], [1, 2], 0, 0, 1)],
  ),
  SpaceToBatchND: cases(
    ['plain', { x: sample([2, 4, 4, 3]) }, ({ x }) => tf.spaceToBatchND(x!, [2, 2], pads([0, 0], [0, 0]))],
    ['padded', { x: sample([1, 3, 4, 2]) }, ({ x }) => tf.spaceToBatchND(x!, [2, 3], pads([1, 0], [0, 2]))],
    ['one axis', { x: sample([2, 6, 3]) }, ({ x }) => tf.spaceToBatchND(x!, [3], pads([0, 0]))],
  ),
  BatchToSpaceND: cases(
    ['plain', { x: sample([8, 2, 2, 3]) }, ({ x }) => tf.batchToSpaceND(x!, [2, 2], pads([0, 0], [0, 0]))],
    ['cropped', { x: sample([6, 2, 2, 1]) }, ({ x }) => tf.batchToSpaceND(x!, [2, 3], pads([1, 0], [0, 2]))],
    ['one axis', { x: sample([6, 2, 3]) }, ({ x }) => tf.batchToSpaceND(x!, [3], pads([0, 1]))],
  ),
  DepthToSpace: cases(
    ['two', { x: sample([2, 2, 3, 8]) }, ({ x }) => tf.depthToSpace(x as tf.Tensor4D, 2)],
    ['three', { x: sample([1, 2, 1, 9]) }, ({ x }) => tf.depthToSpace(x as tf.Tensor4D, 3)],
  ),
  Diag: cases(
    ['vector', { x: sample([4]) }, ({ x }) => tf.diag(x!)],
    ['matrix', { x: sample([2, 3]) }, ({ x }) => tf.diag(x!)],
  ),
  Reverse: cases(
    ['last', { x: sample(S) }, ({ x }) => tf.reverse(x!, -1)],
    ['all', { x: sample(S) }, ({ x }) => tf.reverse(x!)],
  ),
  PadV2: cases(
    ['zeros', { x: sample(S) }, ({ x }) => tf.pad(x!, pads([1, 0], [2, 1]))],
    ['number', { x: sample(S) }, ({ x }) => tf.pad(x!, pads([0, 0], [1, 1]), 3)],
    ['nothing', { x: sample(S) }, ({ x }) => tf.pad(x!, pads([0, 0], [0, 0]))],
  ),
  MirrorPad: (['reflect', 'symmetric'] as const).flatMap((mode) =>
    cases(
      [mode, { x: sample(S) }, ({ x }) => tf.mirrorPad(x!, pads([1, 1], [0, 2]), mode)],
      [`${mode}, one side`, { x: sample([2, 4]) }, ({ x }) => tf.mirrorPad(x!, pads([0, 0], [3, 0]), mode)],
      [`${mode}, whole`, { x: sample([3, 2, 2]) }, ({ x }) => tf.mirrorPad(x!, pads([2, 2], [1, 1], [0, 1]), mode)],
    ),
  ),
  ZerosLike: one((x) => tf.add(tf.zerosLike(x), x)),
  OnesLike: one((x) => tf.sub(tf.onesLike(x), x)),
  Fill: one((x) => tf.mul(tf.fill([3, 4], 2.5), x)),
  Range: one((x) => tf.mul(tf.range(0, 4), x)),
  LinSpace: one((x) => tf.mul(tf.linspace(0, 1, 4), x)),
}
