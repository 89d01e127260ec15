import type { Random } from '../../src-main/lib/random'
import { bytesOf, named, pickle, storage, tensor, text, torchStream, whole, type Part } from '../helpers/torch-file'
import { storedZip } from './stored-zip'
import type { Seed } from './seeds'

/** What is done to a file, by name. */
export const mutations = {
  truncation: (seed: Seed, random: Random) => seed.bytes.subarray(0, random.integer(seed.bytes.length)),
  'flipped bytes': (seed: Seed, random: Random) => flipped(seed.bytes, random, 0, seed.bytes.length),
  'flipped operations': inPickle((bytes, random) => {
    const copy = Buffer.from(bytes)
    for (let i = 0; i <= random.integer(6); i++) copy[random.integer(copy.length)] = pick(operations, random)
    return copy
  }),
  'giant sizes': inPickle((bytes, random) => {
    const copy = Buffer.from(bytes)
    const at = sizeIn(copy, random)
    const size = pick([0xffffffff, 0x7fffffff, 0x80000000, 2 ** 30, 2 ** 24, 65_536, 0], random)
    copy.writeUInt32LE(size, Math.min(at, copy.length - 4))
    return copy
  }),
  'hostile globals': inPickle((bytes, random) => {
    const [module, name] = pick(hostile, random)
    const call = bytesOf(named(module, name), '(', text('touch /tmp/executed'), 'tR')
    return inserted(bytes, random, call)
  }),
  circles: inPickle((bytes, random) => inserted(bytes, random, bytesOf(...pick(circles, random)))),
  'repeated pieces': inPickle((bytes, random) => {
    const from = random.integer(bytes.length)
    const piece = bytes.subarray(from, from + 1 + random.integer(200))
    const times = pick([1, 2, 10, 500], random)
    return inserted(bytes, random, Buffer.concat(Array.from({ length: times }, () => piece)))
  }),
  'removed pieces': inPickle((bytes, random) => {
    const from = random.integer(bytes.length)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + random.integer(60))])
  }),
  'damaged containers': (seed: Seed, random: Random) => {
    if (!seed.files) return flipped(seed.bytes, random, 0, Math.min(200, seed.bytes.length))
    const directory = seed.bytes.lastIndexOf('PK\x01\x02') >= 0 ? seed.bytes.indexOf('PK\x01\x02') : 0
    return random.integer(4)
      ? flipped(seed.bytes, random, directory, seed.bytes.length)
      : flipped(seed.bytes, random, 0, 100)
  },
  'random programs': (_seed: Seed, random: Random) => program(random),
} satisfies Record<string, (seed: Seed, random: Random) => Uint8Array>

/** A mutated file, and how it was made; sometimes mutated twice. */
export function mutated(seeds: readonly Seed[], random: Random): { kind: string; seed: string; bytes: Uint8Array } {
  const seed = pick(seeds, random)
  const kind = pick(Object.keys(mutations) as (keyof typeof mutations)[], random)
  let bytes: Uint8Array = mutations[kind](seed, random)
  if (bytes.length && random.integer(8) === 0) bytes = flipped(Buffer.from(bytes), random, 0, bytes.length)
  return { kind, seed: seed.name, bytes }
}

const operations = [...'()]}.NJKMGXTUBCcRbQsuaetqrhji012FILPSVdlopg'].map((letter) => letter.charCodeAt(0))
operations.push(...Array.from({ length: 25 }, (_, i) => 0x80 + i))

const hostile: [string, string][] = [
  ...([
    ['os', 'system'],
    ['posix', 'system'],
    ['nt', 'system'],
    ['builtins', 'eval'],
    ['__builtin__', 'exec'],
  ] as [string, string][]),
  ...([
    ['subprocess', 'Popen'],
    ['torch', 'load'],
    ['torch.storage', '_load_from_bytes'],
    ['glow', 'WaveGlow'],
  ] as [string, string][]),
  ...([
    ['numpy.core.multiarray', '_reconstruct'],
    ['_codecs', 'encode'],
    ['collections', 'OrderedDict'],
  ] as [string, string][]),
]

const circles: Part[][] = [
  ['}q\x00', text('model'), 'h\x00s'],
  [']q\x01h\x01a'],
  [named('glow', 'WN'), ')\x81q\x02}', text('_modules'), '}', text('a'), 'h\x02ssb'],
  ['h\x00h\x01\x86q\x00h\x00\x85q\x01'],
  ['}q\x00', text('state_dict'), '}', text('state_dict'), 'h\x00ss'],
]

const pick = <T>(list: readonly T[], random: Random): T => list[random.integer(list.length)]!

/** Changes only the pickle, and leaves the container whole. */
function inPickle(change: (bytes: Buffer, random: Random) => Uint8Array) {
  return (seed: Seed, random: Random): Uint8Array => {
    const { files, bytes } = seed
    if (!files) {
      const end = Math.max(20, Math.floor(bytes.length * 0.4))
      return Buffer.concat([change(bytes.subarray(0, end), random), bytes.subarray(end)])
    }
    const name = [...files.keys()].find((file) => file.endsWith('data.pkl'))!
    return storedZip(new Map([...files, [name, change(Buffer.from(files.get(name)!), random)]]))
  }
}

function flipped(bytes: Buffer, random: Random, from: number, to: number): Buffer {
  const copy = Buffer.from(bytes)
  for (let i = 0; i <= random.integer(8); i++) copy[from + random.integer(Math.max(1, to - from))] = random.integer(256)
  return copy
}

function inserted(bytes: Buffer, random: Random, piece: Uint8Array): Buffer {
  const at = 2 + random.integer(bytes.length - 1)
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
}

/** Where a size of four bytes stands, near a random place. */
function sizeIn(bytes: Buffer, random: Random): number {
  const start = random.integer(bytes.length)
  const found = ['X', 'J', 'r', 'j', 'M'].map((letter) => bytes.indexOf(letter, start)).filter((at) => at >= 0)
  return found.length ? pick(found, random) + 1 : start
}

/** A pickle of the right grammar, with a wrong step here and there, in either format. */
function program(random: Random): Uint8Array {
  const legacy = random.integer(2) === 1
  const count = 4
  const number = () => whole(pick([0, 1, 2, 4, 1024, 1e6, 2 ** 31 - 1, -1], random))
  const key = () => text(pick(names, random))
  const some = <T>(most: number, make: () => T) => Array.from({ length: random.integer(most) }, make)
  const view = () => {
    const side = () => pick([0, 1, 1, 2, 2, 4, 2 ** 30], random)
    const sides = some(4, side)
    return tensor(storage('0', count, 'FloatStorage', legacy), random.integer(3), sides, sides.map(side))
  }
  const value = (depth: number): Buffer => {
    if (random.integer(40) === 0) return bytesOf(pick(wrong, random))
    const inner = () => value(depth - 1)
    const items = () => some(5, () => bytesOf(key(), inner()))
    const kinds: (() => Part[])[] = [view, view, key, number].map((make) => () => [make()])
    kinds.push(() => ['h', random.integer(6)])
    if (depth > 0)
      kinds.push(
        () => ['}(', ...items(), 'u'],
        () => ['}q', random.integer(6), '(', ...items(), 'u'],
        () => [named('collections', 'OrderedDict'), ')R(', ...items(), 'u'],
        () => ['](', ...some(5, inner), 'e'],
        () => ['(', ...some(5, inner), 't'],
        () => [named('glow', 'WN'), ')\x81q', random.integer(6), '}(', ...items(), 'ub'],
        () => [named('torch._utils', '_rebuild_parameter'), '(', inner(), '\x88Nt', 'R'],
        () => [named('__builtin__', 'set'), '](', ...some(5, inner), 'e\x85R'],
        () => [named('numpy', 'dtype'), '(', text(pick(['f4', 'i8', 'O8'], random)), '\x89\x88tR'],
      )
    return bytesOf(...pick(kinds, random)())
  }
  const body = random.integer(50) ? value(6) : bytesOf(...pick(bombs, random)())
  const root = pickle('NNq\x00q\x01q\x02q\x03q\x04q\x05', body)
  const numbers = new Uint8Array(4 * count)
  if (legacy) return torchStream(root, random.integer(4) ? { 0: { count, bytes: numbers } } : {})
  const files: [string, Uint8Array][] = [
    ['archive/data.pkl', root],
    ['archive/data/0', numbers],
  ]
  return storedZip(new Map(files))
}

const names = ['model', 'state_dict', '_modules', '_parameters', '_buffers', 'weight', 'module.weight', 'config']

const wrong = [
  ')',
  '(',
  's',
  'u',
  'a',
  'e',
  't',
  '\x85',
  '\x86',
  'R',
  'b',
  '\x81',
  'Q',
  '\x90',
  '\x93',
  '\x94',
  '0',
  '2',
]

/** Small files that ask for as much as they can. */
const bombs: (() => Part[])[] = [
  () => ['}'.repeat(195_000)],
  () => [')'.repeat(950_000)],
  () => [named('glow', 'WN'), 'q\x00', 'h\x00)\x81}b'.repeat(95_000)],
  () => ['N', '\x85'.repeat(195_000)],
  () => ['N', '\x94'.repeat(245_000)],
  () => [']q\x00', 'h\x00a'.repeat(450_000)],
  () => ['}q\x00(', Buffer.concat(Array.from({ length: 450_000 }, (_, i) => bytesOf(whole(i), 'N'))), 'u'],
  () => [
    text('x'.repeat(1_000_000)),
    text('latin1'),
    '\x86q\x00',
    named('_codecs', 'encode'),
    'q\x01',
    'h\x01h\x00R'.repeat(64),
  ],
  () => ['](', 'N'.repeat(15_000), 'e\x85q\x00', named('__builtin__', 'set'), 'q\x01', 'h\x01h\x00R'.repeat(60)],
  () => ['(', text('y'.repeat(3_000_000)), Buffer.from('\x8a\xff', 'latin1'), Buffer.alloc(255, 0x7f), 't'],
]
