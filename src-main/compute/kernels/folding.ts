import { sameShape, type Value } from '../trace/graph'
import type { Folding } from './kernel'

/** A rearrangement of a uniform constant is the same constant in another shape. */
export const foldUniform = <A>({ graph, inputs: [x], type }: Folding<A>): Value | undefined =>
  x!.uniform === undefined ? undefined : graph.uniform(x!.uniform, type)

/** As `foldUniform`; and a rearrangement to the same shape is no rearrangement. */
export const foldSameShape = <A>(of: Folding<A>): Value | undefined =>
  sameShape(of.inputs[0]!.shape, of.type.shape) ? of.inputs[0] : foldUniform(of)
