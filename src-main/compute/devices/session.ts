import { createHash } from 'node:crypto'
import type * as ort from 'onnxruntime-node'
import { NagareError } from '../../lib/errors'
import type { NDArrays } from '../../lib/ndarray'
import { throughGate } from '../../lib/run-gate'
import type { CompiledProgram } from '../compile'
import { bytesOf } from '../onnx/encode'
import type { ProgramSpec } from '../program'
import { runtime } from './ort'

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

/** Opens sessions with the `options` for each graph; two calls for the same graph with the same weights get one session. */
export function sessionPool(
  options: (compiled: CompiledProgram, spec: ProgramSpec) => ort.InferenceSession.SessionOptions,
) {
  const entries = new Map<string, Entry>()

  return async (spec: ProgramSpec, compiled: CompiledProgram, params: NDArrays): Promise<SharedSession> => {
    const hash = createHash('sha1').update(compiled.bytes)
    for (const name of compiled.params) hash.update(bytesOf(params[name]!.data))
    const key = hash.digest('hex')
    let entry = entries.get(key)
    if (!entry)
      entries.set(
        key,
        (entry = { opening: createSession(spec.name, compiled, params, options(compiled, spec)), users: 0 }),
      )
    entry.users++
    const { opening } = entry
    const used = entry
    const forget = () => {
      if (entries.get(key) === used) entries.delete(key)
    }
    const session = await opening.catch((thrown: unknown) => {
      forget()
      throw thrown
    })
    let released = false
    return {
      session,
      release: async () => {
        if (released) return
        released = true
        if (--used.users > 0) return
        forget()
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
      runtime.InferenceSession.create(bytes, externalData.length > 0 ? { ...options, externalData } : options),
    )
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    throw new NagareError('internal', `ONNX Runtime refused the graph of program "${program}": ${message}`, {
      cause: thrown,
    })
  }
}
