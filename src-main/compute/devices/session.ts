import { createHash } from 'node:crypto'
import * as ort from 'onnxruntime-node'
import { NagareError } from '../../lib/errors'
import type { NDArray, NDArrays } from '../../lib/ndarray'
import { throughGate } from '../../lib/run-gate'
import type { CompiledProgram } from '../compile'
import { bytesOf } from '../onnx/encode'

/** An ONNX Runtime session that runners of the same graph with the same weights share. */
export interface SharedSession {
  session: ort.InferenceSession
  /** Gives it back; the last one ends it. */
  release(): Promise<void>
}

interface Entry {
  opening: Promise<ort.InferenceSession>
  users: number
}

/** Opens sessions with the `options` for each graph; two calls for the same graph over the very same arrays get one session. */
export function sessionPool(options: (compiled: CompiledProgram) => ort.InferenceSession.SessionOptions) {
  const entries = new Map<string, Entry>()
  const identities = new WeakMap<object, number>()
  let count = 0
  const identity = ({ data }: NDArray) => {
    if (!identities.has(data)) identities.set(data, count++)
    return identities.get(data)!
  }

  return async (program: string, compiled: CompiledProgram, params: NDArrays): Promise<SharedSession> => {
    const weights = compiled.params.map((name) => identity(params[name]!))
    const key = `${createHash('sha1').update(compiled.bytes).digest('hex')} ${weights}`
    let entry = entries.get(key)
    if (!entry)
      entries.set(key, (entry = { opening: createSession(program, compiled, params, options(compiled)), users: 0 }))
    entry.users++
    const { opening } = entry
    const session = await opening.catch((thrown: unknown) => {
      entries.delete(key)
      throw thrown
    })
    const used = entry
    return {
      session,
      release: async () => {
        if (--used.users > 0) return
        entries.delete(key)
        await throughGate(() => session.release())
      },
    }
  }
}

async function createSession(
  program: string,
  { bytes, params: names }: CompiledProgram,
  params: NDArrays,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  const externalData = names.map((name) => ({ path: `params.${name}`, data: bytesOf(params[name]!.data) }))
  try {
    return await throughGate(() =>
      ort.InferenceSession.create(bytes, externalData.length > 0 ? { ...options, externalData } : options),
    )
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    throw new NagareError('internal', `ONNX Runtime refused the graph of program "${program}": ${message}`, {
      cause: thrown,
    })
  }
}
