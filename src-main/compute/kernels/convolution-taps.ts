import type { OnnxBuilder } from '../onnx/builder'
import type { ConvolutionGeometry } from '../ops/convolution'

type Shape = readonly number[]

/** What each tap sees of the padded x, by `turned` in its final order of axes: [batch, channels, ...positions] or [channels, batch, ...positions]. */
export function tapViews(
  onnx: OnnxBuilder,
  turned: (name: string) => string,
  x: string,
  [, , ...space]: Shape,
  positions: Shape,
  taps: readonly Shape[],
  { strides, dilations, pads }: ConvolutionGeometry,
): string[] {
  const axes = positions.map((_, axis) => axis)
  const offsets = taps.map((tap) => tap.map((at, axis) => Math.floor((at * dilations[axis]!) / strides[axis]!)))
  const lengths = axes.map((axis) => positions[axis]! + Math.max(...offsets.map((offset) => offset[axis]!)))
  const before = pads.map(([pad]) => pad)
  const after = axes.map((axis) => lengths[axis]! * strides[axis]! - space[axis]! - before[axis]!)
  const source = turned(padded(onnx, x, before, after))

  /** Every stride-th element from each first one on: the taps of a strided filter share them. */
  const phases = new Map<string, string>()
  const phaseOf = (firsts: Shape): string => {
    if (strides.every((stride) => stride === 1)) return source
    let phase = phases.get(String(firsts))
    if (phase === undefined) {
      const ends = axes.map((axis) => lengths[axis]! * strides[axis]!)
      phase = onnx.node('Slice', [source, ...[firsts, ends, axes.map((axis) => axis + 2), strides].map(ints)])
      phases.set(String(firsts), phase)
    }
    return phase
  }
  const ints = (numbers: Shape) => onnx.ints(numbers)

  return taps.map((tap, i) => {
    const phase = phaseOf(tap.map((at, axis) => (at * dilations[axis]!) % strides[axis]!))
    const cut = axes.filter((axis) => positions[axis] !== lengths[axis])
    if (cut.length === 0) return phase
    const starts = cut.map((axis) => offsets[i]![axis]!)
    const ends = cut.map((axis, j) => starts[j]! + positions[axis]!)
    return onnx.node('Slice', [phase, ...[starts, ends, cut.map((axis) => axis + 2)].map(ints)])
  })
}

/** x [batch, channels, ...space] with zeros around it; negative counts cut. */
export function padded(onnx: OnnxBuilder, x: string, before: Shape, after: Shape): string {
  if ([...before, ...after].every((count) => count === 0)) return x
  return onnx.node('Pad', [x, onnx.ints([0, 0, ...before, 0, 0, ...after]), onnx.scalar('float32', 0)])
}
