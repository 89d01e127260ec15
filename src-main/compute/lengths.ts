import { NagareError } from '../lib/errors'
import type { DType, NDArrays } from '../lib/ndarray'
import { checkValues, type InputShapes, type Side, type ValueType } from './program'

/** Numbers of the named lengths of a program. */
export type Lengths = Record<string, number>

export interface InputType {
  shape: readonly Side[]
  dtype: DType
}

/** A length with the whole number that it is multiplied by. */
export interface Multiple {
  times: number
  name: string
}

/** Reads `frames` or `256*frames`. Throws `bad-input` for anything else. */
export function multipleOf(side: string): Multiple {
  const found = /^(?:(\d+)\*)?([a-z]\w*)$/i.exec(side)
  const times = Number(found?.[1] ?? 1)
  if (!found || times < 1)
    throw new NagareError('bad-input', `A side of an input is a number, a name, or "8*name"; found "${side}".`)
  return { times, name: found[2]! }
}

/** Input shapes with their dtypes filled in. */
export function inputTypes(shapes: InputShapes = {}): Record<string, InputType> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, entry]) => [
      name,
      'dtype' in entry ? entry : { shape: entry, dtype: 'float32' },
    ]),
  )
}

/** Names of the lengths that the inputs leave open, in order of appearance. */
export function lengthNames(types: Record<string, InputType>): string[] {
  const sides = Object.values(types).flatMap(({ shape }) => shape)
  return [...new Set(sides.flatMap((side) => (typeof side === 'string' ? [multipleOf(side).name] : [])))]
}

/** The types with each named length replaced by its number. */
export function withLengths(types: Record<string, InputType>, lengths: Lengths): Record<string, ValueType> {
  const number = (side: Side) => {
    if (typeof side === 'number') return side
    const { times, name } = multipleOf(side)
    return times * lengths[name]!
  }
  return Object.fromEntries(
    Object.entries(types).map(([name, { shape, dtype }]) => [name, { shape: shape.map(number), dtype }]),
  )
}

/**
 * The lengths that `arrays` have. Throws `bad-input` naming the input and both shapes where a side is no whole multiple or two inputs disagree;
 * inputs that are missing or of another rank are left to the check of their shapes.
 */
export function lengthsOf(program: string, types: Record<string, InputType>, arrays: NDArrays): Lengths {
  const lengths: Lengths = {}
  for (const [input, { shape }] of Object.entries(types)) {
    const found = arrays[input]?.shape
    if (found?.length !== shape.length) continue
    shape.forEach((side, axis) => {
      if (typeof side === 'number') return
      const { times, name } = multipleOf(side)
      const length = found[axis]! / times
      lengths[name] ??= length
      if (length !== lengths[name] || !Number.isInteger(length) || length < 1) {
        throw new NagareError(
          'bad-input',
          `Program "${program}" expects inputs "${input}" as [${shape.join(', ')}], found [${found.join(', ')}]` +
            (length === lengths[name] ? '.' : ` where another input has ${name} = ${lengths[name]}.`),
        )
      }
    })
  }
  for (const name of lengthNames(types)) lengths[name] ??= 1
  return lengths
}

/** `arrays` with exactly the names and shapes of `types`; throws `bad-input` as `checkValues` and `lengthsOf` do. */
export function checkInputs(program: string, types: Record<string, InputType>, arrays: NDArrays): NDArrays {
  return checkValues(program, 'inputs', withLengths(types, lengthsOf(program, types, arrays)), arrays)
}
