import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../../lib/errors'

/** tfjs ops whose numbers are drawn while they are called. */
const RANDOM_OPS = new Set([
  'rand',
  'randomUniform',
  'randomUniformInt',
  'randomNormal',
  'randomStandardNormal',
  'randomGamma',
  'truncatedNormal',
  'multinomial',
  'dropout',
])
const SCOPE_SUFFIX = '__op'

/** Throws `unsupported` inside a tfjs op that draws random numbers: recorded, they would be the same at every run. */
export function refuseRandomNumbers(): void {
  const scopes = tf.engine().state.scopeStack.map(({ name }) => name.replace(SCOPE_SUFFIX, ''))
  const op = scopes.find((name) => RANDOM_OPS.has(name))
  if (op) throw randomError(op)
}

const randomError = (op: string) =>
  new NagareError('unsupported', `${op} draws random numbers while the program is traced, the same for every run.`, {
    hint: 'Make the random numbers an input of the program, drawn with lib/random.',
  })

/** What tracing the program `name` failed with: the op without a lowering by name, and where it was called if the stack tells. */
export function traceError(name: string, thrown: unknown): NagareError {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const caller = callerOf(thrown)
  const at = caller ? ` (called at ${caller})` : ''
  const missing = /Kernel '(\w+)' not registered/.exec(message)?.[1]
  if (missing && missing !== 'Multinomial') {
    return new NagareError(
      'unsupported',
      `Program "${name}" uses the op ${missing}, which has no lowering to ONNX${at}.`,
      {
        hint: 'Write it with other ops, or add it to src-main/compute/kernels (see the README there).',
        cause: thrown,
      },
    )
  }
  const known = missing ? randomError('multinomial') : thrown
  if (known instanceof NagareError) {
    return new NagareError(known.code, `Program "${name}": ${known.message}`, {
      cause: thrown,
      ...(known.hint ? { hint: known.hint } : {}),
    })
  }
  return new NagareError('internal', `Program "${name}" failed while being traced${at}: ${message}`, { cause: thrown })
}

const OF_TFJS = /[\\/](@tensorflow|tfjs-core|tfjs-backend-cpu)[\\/]/
const OF_COMPUTE = /[\\/]src-main[\\/]compute[\\/]/

/** `file:line` of the first caller outside tfjs and this layer; undefined where one bundle holds them all. */
function callerOf(thrown: unknown): string | undefined {
  const frames = ((thrown instanceof Error && thrown.stack) || '').split('\n').flatMap((line) => {
    const [, file, row] = /^\s+at (?:.*\()?(.+?):(\d+):\d+\)?$/.exec(line) ?? []
    return file && row && !file.startsWith('node:') ? [{ file, row }] : []
  })
  if (!frames.some(({ file }) => OF_TFJS.test(file))) return undefined
  const caller = frames.find(({ file }) => !OF_TFJS.test(file) && !OF_COMPUTE.test(file))
  if (!caller) return undefined
  const path = caller.file.startsWith('file:') ? fileURLToPath(caller.file) : caller.file
  const short = relative(process.cwd(), path)
  return `${short.startsWith('..') ? path : short}:${caller.row}`
}
