import type * as ort from 'onnxruntime-node'
import type { DType, NDArrays } from '../../lib/ndarray'
import { throughGate } from '../../lib/run-gate'
import { OnnxBuilder } from '../onnx/builder'
import { encodeModel } from '../onnx/encode'
import { mapValues } from '../trace/trace'
import { arrayOf, copyOf, tensorOf } from './ort-tensors'
import { runtime } from './ort'

type SessionOptions = ort.InferenceSession.SessionOptions

/** A program's state as tensors, on the processor or on the device, from one run to the next. */
export interface StateStore {
  feed(name: string): ort.Tensor
  /** Brings values that the device cannot return itself onto it, once, so that they need not be copied there at each run. */
  pin(names: readonly string[]): Promise<void>
  /** Takes over tensors that a run returned; those before them are freed. */
  replace(next: Record<string, ort.Tensor>): void
  /** The numbers, copied. */
  read(): Promise<NDArrays>
  /** Sets values, copied. */
  write(values: NDArrays): void
  dispose(): Promise<void>
}

/** The state of a program, at first on the processor; `options` are those of a session on the device. */
export function stateStore(initial: NDArrays, options: SessionOptions): StateStore {
  const tensors = new Map(Object.entries(mapValues(initial, (value) => tensorOf(copyOf(value)))))
  // A tensor on the device lives no longer than the session that made it.
  const copiers = new Map<string, ort.InferenceSession>()

  const replace = (next: Record<string, ort.Tensor>) => {
    for (const [name, tensor] of Object.entries(next)) {
      const before = tensors.get(name)
      tensors.set(name, tensor)
      if (before && before !== tensor) free(before)
    }
  }

  /** The tensors' copies on the other side; `getData` of a tensor on the device ends the process in ONNX Runtime 1.30, an identity graph does not. */
  const copied = async (
    from: [string, ort.Tensor][],
    to: 'cpu' | 'gpu-buffer',
  ): Promise<Record<string, ort.Tensor>> => {
    const key = to + JSON.stringify(from.map(([, { type, dims }]) => [type, dims]))
    let session = copiers.get(key)
    if (!session) {
      const model = identityModel(from)
      session = await throughGate(() =>
        runtime.InferenceSession.create(model, { ...options, preferredOutputLocation: to }),
      )
      copiers.set(key, session)
    }
    const copier = session
    return throughGate(() => copier.run(Object.fromEntries(from.map(([, tensor], i) => [`in${i}`, tensor]))))
  }

  return {
    feed: (name) => tensors.get(name)!,
    replace,
    async pin(names) {
      const local = names.flatMap((name): [string, ort.Tensor][] => {
        const tensor = tensors.get(name)!
        return tensor.location === 'cpu' ? [[name, tensor]] : []
      })
      if (local.length === 0) return
      const moved = await copied(local, 'gpu-buffer')
      replace(Object.fromEntries(local.map(([name], i) => [name, moved[`out${i}`]!])))
    },
    async read() {
      const remote = [...tensors].filter(([, tensor]) => tensor.location !== 'cpu')
      const fetched = remote.length > 0 ? await copied(remote, 'cpu') : {}
      const result: NDArrays = {}
      for (const [name, tensor] of tensors) {
        const at = remote.findIndex(([other]) => other === name)
        result[name] = copyOf(arrayOf(at < 0 ? tensor : fetched[`out${at}`]!))
      }
      return result
    },
    write: (values) => replace(mapValues(values, (value) => tensorOf(copyOf(value)))),
    async dispose() {
      for (const tensor of tensors.values()) free(tensor)
      tensors.clear()
      for (const session of copiers.values()) await throughGate(() => session.release())
      copiers.clear()
    },
  }
}

/** Frees a tensor's memory on the device; memory of the processor is left to the garbage collector. */
export function free(tensor: ort.Tensor): void {
  if (tensor.location !== 'cpu') tensor.dispose()
}

function identityModel(tensors: [string, ort.Tensor][]): Uint8Array {
  const onnx = new OnnxBuilder('read-state')
  for (const [i, [, { type, dims }]] of tensors.entries()) {
    const value = { shape: dims, dtype: type as DType }
    onnx.output(`out${i}`, onnx.input(`in${i}`, value), value)
  }
  return encodeModel(onnx.graph)
}
