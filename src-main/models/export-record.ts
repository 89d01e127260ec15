import type { OnnxValueInfo } from '../compute'
import type { ExportedValue } from './family'

export type ValueRecord = Pick<OnnxValueInfo, 'name' | 'dtype' | 'shape'> & ExportedValue

export interface GraphRecord {
  file: string
  /** File of its weights, where they are too large to be in the graph's own. */
  data?: string
  description: string
  inputs: ValueRecord[]
  outputs: ValueRecord[]
}

/** `export.json`: what a folder of exported graphs holds. */
export interface ExportRecord {
  format: 'nagare-onnx'
  version: 1
  producer: string
  opset: number
  pack: { kind: string; name: string; licence: string; sha256: string }
  graphs: GraphRecord[]
  /** All files that were written, this one left out. */
  files: string[]
}
