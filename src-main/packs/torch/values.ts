/**
 * What a pickle is read into: records that hold data and do nothing. Lists and tuples are arrays (tuples frozen), dicts are Maps, sets are Sets;
 * everything else is one of the tagged records below. Structures may share parts and may be circular.
 */
export type TorchValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly TorchValue[]
  | TorchDict
  | ReadonlySet<TorchValue>
  | TorchClass
  | TorchFunction
  | TorchObject
  | TorchStorage
  | TorchTensor
  | NumberType
  | NumpyType
  | NumpyArray

export type TorchDict = Map<TorchValue, TorchValue>

/** A class of which a file may hold instances; they become records of their fields. */
export interface TorchClass {
  readonly type: 'class'
  readonly module: string
  readonly name: string
}

/** One of the few functions that a file may call: each only checks its arguments and puts them into a record. */
export interface TorchFunction {
  readonly type: 'function'
  readonly module: string
  readonly name: string
  readonly call: (args: readonly TorchValue[], context: PickleContext) => TorchValue
}

/** An instance of a class, as its fields. */
export interface TorchObject {
  readonly type: 'object'
  readonly module: string
  readonly name: string
  fields: TorchDict
  built: boolean
}

/** Numbers as they lie in the file; `offset` and `count` in numbers of `dtype`, `offset` from the beginning of `key`. */
export interface TorchStorage {
  readonly type: 'storage'
  readonly key: string
  readonly dtype: NumberTypeName
  readonly offset: number
  readonly count: number
}

/** A view of a storage; `offset` and `stride` in numbers of `dtype`. */
export interface TorchTensor {
  readonly type: 'tensor'
  readonly storage: TorchStorage
  readonly dtype: NumberTypeName
  readonly offset: number
  readonly shape: readonly number[]
  readonly stride: readonly number[]
}

export type NumberTypeName =
  'float64' | 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'int16' | 'int8' | 'uint8' | 'bool'

/** A number type named as such (`torch.float32`), or the class of a storage of it (`torch.FloatStorage`). */
export interface NumberType {
  readonly type: 'number-type'
  readonly dtype: NumberTypeName
  readonly isStorage: boolean
}

/** NumPy's dtype, e.g. `f4` with byte order `<`. */
export interface NumpyType {
  readonly type: 'numpy-type'
  readonly code: string
  order: string
}

/** A NumPy array as its bytes. */
export interface NumpyArray {
  readonly type: 'numpy-array'
  dtype: NumpyType | undefined
  shape: readonly number[]
  fortran: boolean
  bytes: Uint8Array
}

/** What reading one file may still use up, and how it says no. */
export interface PickleContext {
  /** Path of the file, for messages. */
  readonly file: string
  /** Counts `amount` of a kind; throws `unsupported` past its limit. */
  spend(kind: SpentKind, amount: number): void
  /** What a persistent id stands for: a storage, or a class. */
  persistent(id: TorchValue): TorchValue
}

export type SpentKind = 'operations' | 'containers' | 'memo' | 'copiedBytes' | 'numbers'

type Tagged = Extract<TorchValue, { readonly type: string }>

/** Whether `value` is the record of this `type`. */
export function isRecord<T extends Tagged['type']>(
  value: TorchValue | undefined,
  type: T,
): value is Extract<Tagged, { readonly type: T }> {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === type
}

export const isDict = (value: TorchValue | undefined): value is TorchDict => value instanceof Map

/** Whether `value` is a list or a tuple. */
export const isSequence = (value: TorchValue | undefined): value is readonly TorchValue[] => Array.isArray(value)

export const isTuple = (value: TorchValue | undefined): value is readonly TorchValue[] =>
  Array.isArray(value) && Object.isFrozen(value)

/** What kind of thing `value` is, in a few words for messages. */
export function describe(value: TorchValue | undefined): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'None'
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 40))}`
  if (typeof value !== 'object') return `${typeof value === 'boolean' ? '' : 'the number '}${value}`
  if (value instanceof Map) return 'a dict'
  if (value instanceof Set) return 'a set'
  if (value instanceof Uint8Array) return 'bytes'
  if (isSequence(value)) return isTuple(value) ? 'a tuple' : 'a list'
  const record = value as Tagged
  if ('module' in record) return `${record.type} ${record.module}.${record.name}`
  return `a ${record.type}`
}
