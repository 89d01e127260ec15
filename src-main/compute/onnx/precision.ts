import type { Precision } from '../program'
import type { OnnxGraph } from './graph'
import { toHalf } from './half'
import { toInt8 } from './int8'

/** The graph computed as exactly as `precision` says. */
export function withPrecision(graph: OnnxGraph, precision: Precision): OnnxGraph {
  return precision === 'int8' ? toInt8(graph) : precision === 'float16' ? toHalf(graph) : graph
}
