import type { ProgramSpec, Shapes, Tensors } from '../compute'
import { valueTypes, type ValueType } from '../compute/program'
import { NagareError } from '../lib/errors'

type Inputs = NonNullable<ProgramSpec['inputs']>

/**
 * Programs over one state, run in order as one program: each reads the state that the one before left. So a GAN's critic steps and generator step are one
 * call, and no state leaves the device between them.
 * Inputs and outputs are named `<step>.<name>`, as in `critic.loss`; state keeps its names. The same program may stand under several names: every step
 * has its own inputs. Programs with `params` are refused, as are steps that declare one state with two shapes (`bad-input`).
 */
export function programSequence(name: string, steps: Readonly<Record<string, ProgramSpec>>): ProgramSpec {
  const entries = Object.entries(steps)
  const state: Record<string, ValueType> = {}
  const inputs: Inputs = {}
  for (const [step, spec] of entries) {
    if (Object.keys(spec.params ?? {}).length > 0)
      throw new NagareError('bad-input', `Sequence "${name}": step "${step}" has params; make them state.`)
    for (const [key, type] of Object.entries(valueTypes(spec.state))) {
      const known = state[key] ?? type
      if (String(known.shape) !== String(type.shape) || known.dtype !== type.dtype)
        throw new NagareError(
          'bad-input',
          `Sequence "${name}": state "${key}" is ${known.dtype} [${known.shape}], but ${type.dtype} [${type.shape}] in step "${step}".`,
        )
      state[key] = type
    }
    for (const [key, shape] of Object.entries(spec.inputs ?? {})) inputs[`${step}.${key}`] = shape
  }
  const fromZero = new Set(entries.flatMap(([, spec]) => spec.zeros ?? []))

  const keys = entries.map(([step, spec]) => [step, spec.name, spec.key])
  return {
    name,
    ...(entries.every(([, spec]) => spec.key !== undefined) ? { key: JSON.stringify(keys) } : {}),
    state,
    zeros: [...fromZero],
    inputs,
    run({ state: before, inputs: given }) {
      const current: Tensors = { ...before }
      const next: Tensors = {}
      const outputs: Tensors = {}
      const made: Tensors[] = []
      for (const [step, spec] of entries) {
        const result = spec.run({
          params: {},
          state: picked(current, spec.state),
          inputs: stripped(given, step, spec.inputs),
        })
        made.push(result.state ?? {})
        Object.assign(current, result.state)
        Object.assign(next, result.state)
        for (const [key, tensor] of Object.entries(result.outputs ?? {})) outputs[`${step}.${key}`] = tensor
      }
      // An eager device frees only what a program returns.
      const used = new Set([...Object.values(before), ...Object.values(next), ...Object.values(outputs)])
      for (const tensor of made.flatMap((tensors) => Object.values(tensors))) if (!used.has(tensor)) tensor.dispose()
      return { state: next, outputs }
    },
  }
}

const picked = (tensors: Tensors, shapes: Shapes = {}): Tensors =>
  Object.fromEntries(Object.keys(shapes).map((key) => [key, tensors[key]!]))

const stripped = (given: Tensors, step: string, shapes: Inputs = {}): Tensors =>
  Object.fromEntries(Object.keys(shapes).map((key) => [key, given[`${step}.${key}`]!]))
