import { throughGate } from '../../lib/run-gate'
import { BLOCKED, encodeModel } from '../onnx/encode'
import type { OnnxGraph } from '../onnx/graph'
import { runtime } from './ort'

/** Fewest channels that can be laid out in blocks: always less than one block. */
const LEAST = 4

/** The smallest graph that shows how many channels make a block: the fewest channels that it takes, laid out in blocks. */
const graph: OnnxGraph = {
  name: 'channel block',
  nodes: [{ type: 'ReorderInput', domain: BLOCKED, inputs: ['x'], outputs: ['blocked'], attributes: {} }],
  constants: [],
  tensors: [],
  inputs: [{ name: 'x', dtype: 'float32', shape: [1, LEAST, 1, 1] }],
  outputs: [{ name: 'blocked', dtype: 'float32', shape: [1, 'channels', 1, 1] }],
  ranks: new Map(),
}

let found: Promise<number> | undefined

/** How many channels ONNX Runtime takes together on this processor, 8 or 16; 0 where it knows no such layout. */
export const channelBlock = (): Promise<number> => (found ??= find().catch(() => 0))

async function find(): Promise<number> {
  const options = { executionProviders: ['cpu'], logSeverityLevel: 4 } as const
  const session = await throughGate(() => runtime.InferenceSession.create(encodeModel(graph), options))
  const { blocked } = await throughGate(() =>
    session.run({ x: new runtime.Tensor('float32', new Float32Array(LEAST), [1, LEAST, 1, 1]) }),
  )
  await throughGate(() => session.release())
  const channels = blocked!.dims[1]!
  return channels > LEAST ? channels : 0
}
