import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeProgram } from '../compile'
import { bytesOf } from '../onnx/encode'
import type { NDArrays } from '../../lib/ndarray'
import type { LoadValues, ProgramSpec } from '../program'
import { compileFor } from './onnx-runtime'
import { tensorOf } from './ort-tensors'
import type { Provider } from './providers'
import { runtime } from './ort'

/** Where the nodes of a program ran: ONNX operators and how many nodes of each, on the device and on the processor. */
export interface Placement {
  device: Record<string, number>
  processor: Record<string, number>
}

/** Runs a program once on the provider `id` with ONNX Runtime's profiler and answers where its nodes ran. All state must be given. */
export async function placement(
  id: string,
  provider: Provider,
  spec: ProgramSpec,
  values: LoadValues,
  inputs: NDArrays,
): Promise<Placement> {
  const folder = await mkdtemp(join(tmpdir(), 'nagare-placement-'))
  try {
    const { params = {}, state = {} } = values
    const compiled = encodeProgram(compileFor(provider, spec, params))
    const session = await runtime.InferenceSession.create(compiled.bytes, {
      executionProviders: [{ name: id, ...provider.options }],
      executionMode: 'sequential',
      logSeverityLevel: 3,
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
      externalData: compiled.params.map((name) => ({ path: `params.${name}`, data: bytesOf(params[name]!.data) })),
      ...provider.session,
    })
    try {
      await session.run({
        ...Object.fromEntries(compiled.inputs.map((name) => [`inputs.${name}`, tensorOf(inputs[name]!)])),
        ...Object.fromEntries(compiled.state.map((name) => [`state.${name}`, tensorOf(state[name]!)])),
      })
      session.endProfiling()
    } finally {
      await session.release()
    }
    const [file] = await readdir(folder)
    return countNodes(await readFile(join(folder, file!), 'utf8'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface ProfileEvent {
  cat: string
  args?: { op_name?: string; provider?: string }
}

function countNodes(profile: string): Placement {
  const result: Placement = { device: {}, processor: {} }
  for (const { cat, args } of JSON.parse(profile) as ProfileEvent[]) {
    if (cat !== 'Node' || !args?.op_name || !args.provider) continue
    const counts = args.provider.startsWith('CPU') ? result.processor : result.device
    counts[args.op_name] = (counts[args.op_name] ?? 0) + 1
  }
  return result
}
