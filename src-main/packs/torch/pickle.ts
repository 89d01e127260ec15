import { findGlobal } from './globals'
import { refusedOpcodes } from './opcodes'
import { buildNumpy } from './numpy'
import { corrupt, printable, refusedGlobal, unsupported } from './refusals'
import type { TorchLimits } from './limits'
import {
  describe,
  isDict,
  isRecord,
  isTuple,
  type PickleContext,
  type TorchDict,
  type TorchObject,
  type TorchValue,
} from './values'

/** Bytes being read from the front; `cut` says what is wrong where they end too early. */
export interface PickleBytes {
  readonly bytes: Buffer
  at: number
  cut(): Error
}

interface Machine {
  readonly input: PickleBytes
  readonly context: PickleContext
  readonly limits: TorchLimits
  readonly stack: TorchValue[]
  /** Heights of the stack at the open marks. */
  readonly marks: number[]
  readonly memo: Map<number, TorchValue>
}

/**
 * Reads one pickle into inert records and leaves `input.at` behind it. Operations and globals are closed lists; what lies outside of them is refused
 * by name (`unsupported`), what makes no sense is `corrupt`. Nothing is recursive, and what is built is bounded by the context's limits.
 */
export function unpickle(input: PickleBytes, context: PickleContext, limits: TorchLimits): TorchValue {
  const machine: Machine = { input, context, limits, stack: [], marks: [], memo: new Map() }
  const start = input.at
  for (;;) {
    const code = byte(machine)
    context.spend('operations', 1)
    if (input.at - start > limits.pickleBytes) throw unsupported(context.file, 'holds a pickle of too many bytes')
    if (code === stop) return pop(machine)
    const operation = operations.get(code)
    if (!operation) throw unknownOpcode(machine, code)
    operation(machine)
  }
}

const stop = '.'.charCodeAt(0)

const operations = new Map<number, (machine: Machine) => void>(
  (
    [
      [0x80, protocol],
      [0x95, (m) => void take(m, 8)],
      ['N', (m) => push(m, null)],
      [0x88, (m) => push(m, true)],
      [0x89, (m) => push(m, false)],
      ['K', (m) => push(m, byte(m))],
      ['M', (m) => push(m, take(m, 2).readUInt16LE())],
      ['J', (m) => push(m, take(m, 4).readInt32LE())],
      ['G', (m) => push(m, take(m, 8).readDoubleBE())],
      [0x8a, (m) => push(m, long(take(m, byte(m))))],
      ['X', (m) => push(m, take(m, take(m, 4).readUInt32LE()).toString('utf8'))],
      [0x8c, (m) => push(m, take(m, byte(m)).toString('utf8'))],
      ['T', (m) => push(m, take(m, take(m, 4).readUInt32LE()).toString('utf8'))],
      ['U', (m) => push(m, take(m, byte(m)).toString('utf8'))],
      ['B', (m) => push(m, take(m, take(m, 4).readUInt32LE()))],
      ['C', (m) => push(m, take(m, byte(m)))],
      ['}', (m) => push(m, container(m, new Map<TorchValue, TorchValue>()))],
      [']', (m) => push(m, container(m, []))],
      [')', (m) => push(m, emptyTuple)],
      [0x8f, (m) => push(m, container(m, new Set<TorchValue>()))],
      ['(', mark],
      ['t', (m) => push(m, tuple(m, popMark(m)))],
      [0x85, (m) => push(m, tuple(m, popMany(m, 1)))],
      [0x86, (m) => push(m, tuple(m, popMany(m, 2)))],
      [0x87, (m) => push(m, tuple(m, popMany(m, 3)))],
      ['a', (m) => append(m, [pop(m)])],
      ['e', (m) => append(m, popMark(m))],
      ['s', (m) => setItems(m, popMany(m, 2))],
      ['u', (m) => setItems(m, popMark(m))],
      [0x90, (m) => addItems(m, popMark(m))],
      ['q', (m) => remember(m, byte(m))],
      ['r', (m) => remember(m, take(m, 4).readUInt32LE())],
      [0x94, (m) => remember(m, m.memo.size)],
      ['h', (m) => recall(m, byte(m))],
      ['j', (m) => recall(m, take(m, 4).readUInt32LE())],
      ['c', (m) => push(m, findGlobal(m.context.file, line(m), line(m)))],
      [0x93, stackGlobal],
      ['i', inst],
      [0x81, newObject],
      ['R', reduce],
      ['b', build],
      ['Q', (m) => push(m, m.context.persistent(pop(m)))],
    ] satisfies [string | number, (machine: Machine) => void][]
  ).map(([code, run]) => [typeof code === 'string' ? code.charCodeAt(0) : code, run]),
)

/** Of objects that are not filled yet; nothing ever writes to it. */
const noFields: TorchDict = new Map()
const emptyTuple: readonly TorchValue[] = Object.freeze([])

function take({ input }: Machine, length: number): Buffer {
  if (length > input.bytes.length - input.at) throw input.cut()
  input.at += length
  return input.bytes.subarray(input.at - length, input.at)
}

function byte({ input }: Machine): number {
  const value = input.bytes[input.at]
  if (value === undefined) throw input.cut()
  input.at++
  return value
}

function line(machine: Machine): string {
  const { input, context } = machine
  const end = input.bytes.indexOf(0x0a, input.at)
  if (end < 0) throw input.cut()
  if (end - input.at > 1000) throw corrupt(context.file, 'a name in it is over 1000 bytes long')
  const text = take(machine, end - input.at).toString('utf8')
  take(machine, 1)
  return text
}

const nonsense = ({ context, input }: Machine, what: string) => corrupt(context.file, `byte ${input.at - 1} ${what}`)

function unknownOpcode(machine: Machine, code: number) {
  const name = refusedOpcodes.get(code)
  if (!name) return nonsense(machine, `(0x${code.toString(16).padStart(2, '0')}) is no pickle operation`)
  return unsupported(machine.context.file, `uses the pickle operation ${name}, which PyTorch does not write`)
}

function protocol(machine: Machine) {
  const version = byte(machine)
  if (version > 5)
    throw unsupported(machine.context.file, `is written in version ${version} of pickle; 2 to 5 are read`)
}

function push({ stack }: Machine, value: TorchValue) {
  stack.push(value)
}

function pop(machine: Machine): TorchValue {
  if (machine.stack.length <= (machine.marks.at(-1) ?? 0)) throw nonsense(machine, 'takes a value where there is none')
  return machine.stack.pop()!
}

function top(machine: Machine): TorchValue {
  if (machine.stack.length <= (machine.marks.at(-1) ?? 0)) throw nonsense(machine, 'needs a value where there is none')
  return machine.stack.at(-1)!
}

function popMany(machine: Machine, count: number): TorchValue[] {
  if (machine.stack.length - count < (machine.marks.at(-1) ?? 0))
    throw nonsense(machine, 'takes values where there are none')
  return machine.stack.splice(machine.stack.length - count)
}

function mark(machine: Machine) {
  if (machine.marks.length >= machine.limits.depth)
    throw unsupported(machine.context.file, `nests over ${machine.limits.depth} deep`)
  machine.marks.push(machine.stack.length)
}

function popMark(machine: Machine): TorchValue[] {
  const height = machine.marks.pop()
  if (height === undefined) throw nonsense(machine, 'closes a mark that was never opened')
  return machine.stack.splice(height)
}

function container<T>({ context }: Machine, value: T): T {
  context.spend('containers', 1)
  return value
}

const tuple = (machine: Machine, items: TorchValue[]): readonly TorchValue[] => Object.freeze(container(machine, items))

function append(machine: Machine, items: TorchValue[]) {
  const list = top(machine)
  if (!Array.isArray(list) || isTuple(list)) throw nonsense(machine, `appends to ${describe(list)}`)
  for (const item of items) (list as TorchValue[]).push(item)
}

function setItems(machine: Machine, items: TorchValue[]) {
  const dict = top(machine)
  if (!isDict(dict)) throw nonsense(machine, `sets items of ${describe(dict)}`)
  if (items.length % 2) throw nonsense(machine, 'sets a key without a value')
  for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!)
}

function addItems(machine: Machine, items: TorchValue[]) {
  const set = top(machine)
  if (!(set instanceof Set)) throw nonsense(machine, `adds to ${describe(set)}`)
  for (const item of items) set.add(item)
}

function remember(machine: Machine, index: number) {
  if (!machine.memo.has(index)) machine.context.spend('memo', 1)
  machine.memo.set(index, top(machine))
}

function recall(machine: Machine, index: number) {
  const value = machine.memo.get(index)
  if (value === undefined) throw nonsense(machine, `recalls value ${index}, which was never kept`)
  push(machine, value)
}

/** A little-endian two's complement number of any length. */
function long(bytes: Buffer): number | bigint {
  const hex = Buffer.from(bytes).reverse().toString('hex')
  const value = hex ? BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex}`)) : 0n
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}

function stackGlobal(machine: Machine) {
  const [module, name] = popMany(machine, 2)
  if (typeof module !== 'string' || typeof name !== 'string')
    throw nonsense(machine, `names a class by ${describe(module)} and ${describe(name)}`)
  push(machine, findGlobal(machine.context.file, module, name))
}

/** An old way to call a class: read as far as its name, for the refusal. */
function inst(machine: Machine): never {
  throw refusedGlobal(machine.context.file, line(machine), line(machine))
}

function newObject(machine: Machine) {
  const [made, args] = popMany(machine, 2)
  if (!isRecord(made, 'class'))
    throw unsupported(
      machine.context.file,
      `makes an object of ${printable(describe(made))}, which is no class of data`,
    )
  if (!isTuple(args) || args.length)
    throw unsupported(machine.context.file, `makes a ${made.module}.${made.name} with arguments`)
  const object: TorchObject = {
    ...{ type: 'object', module: made.module, name: made.name },
    ...{ fields: noFields, built: false },
  }
  push(machine, container(machine, object))
}

function reduce(machine: Machine) {
  const [called, args] = popMany(machine, 2)
  if (!isRecord(called, 'function'))
    throw unsupported(machine.context.file, `calls ${printable(describe(called))}, which is none of PyTorch's builders`)
  if (!isTuple(args)) throw nonsense(machine, `calls ${called.module}.${called.name} with ${describe(args)}`)
  push(machine, container(machine, called.call(args, machine.context)))
}

function build(machine: Machine) {
  const [target, state] = popMany(machine, 2)
  if (isRecord(target, 'object')) {
    if (target.built) throw nonsense(machine, `fills ${target.module}.${target.name} a second time`)
    if (!isDict(state))
      throw unsupported(machine.context.file, `fills ${target.module}.${target.name} with ${describe(state)}`)
    target.fields = state
    target.built = true
  } else if (isRecord(target, 'numpy-type') || isRecord(target, 'numpy-array'))
    buildNumpy(target, state, machine.context.file)
  // Attributes of an OrderedDict: versions of its modules.
  else if (!isDict(target) || !isDict(state))
    throw unsupported(machine.context.file, `fills ${printable(describe(target))} with ${printable(describe(state))}`)
  push(machine, target!)
}
