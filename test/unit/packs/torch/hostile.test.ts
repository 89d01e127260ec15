import { truncate, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { NagareError } from '../../../../src-main/lib/errors'
import { plainValue, readTorchFile, stateDict } from '../../../../src-main/packs'
import { isDict, type TorchTensor } from '../../../../src-main/packs/torch'
import { tempFolder } from '../../../helpers/folder'
import {
  bytesOf,
  floats,
  named,
  pickle,
  storage,
  tensor,
  text,
  torchStream,
  torchZip,
  uint32,
  whole,
  type Part,
} from '../../../helpers/torch-file'

let path: string
beforeEach(async () => {
  path = join(await tempFolder(), 'model.pt')
})

/** What comes of reading `bytes` as a file: the root, or the error. */
async function outcome(bytes: Uint8Array): Promise<NagareError | 'read'> {
  await writeFile(path, bytes)
  try {
    const file = await readTorchFile(path)
    await file.close()
    return 'read'
  } catch (thrown) {
    if (thrown instanceof NagareError) return thrown
    throw thrown
  }
}

async function refused(bytes: Uint8Array, code: string, message: RegExp) {
  const found = await outcome(bytes)
  expect(found).toMatchObject({ code, message: expect.stringMatching(message) as string, file: path })
}

/** Both formats around one pickle. */
const formats: [string, (root: Buffer) => Promise<Buffer>][] = [
  ['zip', (root) => torchZip(root)],
  ['stream', async (root) => torchStream(root)],
]

describe.each(formats)('what a %s may not name', (_, file) => {
  const calls: [string, string][] = [
    ...([
      ['os', 'system'],
      ['posix', 'system'],
      ['nt', 'system'],
      ['builtins', 'eval'],
      ['builtins', 'exec'],
    ] as [string, string][]),
    ...([
      ['__builtin__', 'getattr'],
      ['subprocess', 'Popen'],
      ['torch.storage', '_load_from_bytes'],
    ] as [string, string][]),
    ...([
      ['torch', 'load'],
      ['functools', 'partial'],
      ['glow', 'system'],
      ['runpy', 'run_path'],
    ] as [string, string][]),
    ...([
      ['__builtin__', 'constructor'],
      ['__proto__', 'toString'],
      ['torch', 'ComplexFloatStorage'],
    ] as [string, string][]),
  ]

  it.each(calls)('%s.%s', async (module, name) => {
    const mark = join(path, '..', 'executed')
    const message = new RegExp(`${module}\\.${name}.*Nothing in the file was executed`)
    const args = ['(', text(`touch ${mark}`), 'tR'] as const
    await refused(await file(pickle(named(module, name), ...args)), 'unsupported', message)
    await refused(await file(pickle('}', text('a'), named(module, name), ...args, 's')), 'unsupported', message)
    const short = bytesOf(0x8c, module.length, module, 0x8c, name.length, name, 0x93)
    await refused(await file(bytesOf('\x80\x04', short, ...args, '.')), 'unsupported', message)
    await refused(await file(pickle('(', text('x'), `i${module}\n${name}\n`)), 'unsupported', message)
    expect(existsSync(mark)).toBe(false)
  })

  it.each<[string, Part[], RegExp]>([
    ['a class called', [named('glow', 'WaveGlow'), ')R'], /calls class glow\.WaveGlow/],
    ['a text called', [text('eval'), '(tR'], /calls the text "eval"/],
    ['a storage class called', [named('torch', 'FloatStorage'), ')R'], /calls a number-type/],
    ['a function as a class', [named('torch._utils', '_rebuild_tensor_v2'), ')\x81'], /no class of data/],
    ['an object with arguments', [named('argparse', 'Namespace'), '(K\x01t\x81'], /argparse\.Namespace with arguments/],
    ['a list filled', [']}b'], /fills a list with a dict/],
    ['a tensor filled', [tensor(storage('0', 0), 0, [0], [1]), '}b'], /fills a tensor|storage/],
    ['an object filled with a list', [named('glow', 'WN'), ')\x81]b'], /fills glow\.WN with a list/],
    ['a code from the registry', ['\x82\x01'], /operation EXT1/],
    ['a persistent id in text', ['Pos.system\n'], /operation PERSID/],
    ['an object with keywords', [named('glow', 'WN'), ')}\x92'], /operation NEWOBJ_EX/],
    ['a persistent id of its own', ['(', text('file'), text('/etc/passwd'), 'tQ'], /refers to the text "file"/],
    ['an unknown NumPy type', [named('numpy', 'dtype'), '(', text('O8'), '\x89\x88tR'], /NumPy numbers of type "O8"/],
  ])('%s', async (_, parts, message) => {
    const found = await outcome(await file(pickle(...parts)))
    expect(found).toMatchObject({ message: expect.stringMatching(message) as string })
    expect(found).toMatchObject({ code: expect.stringMatching(/unsupported|corrupt/) as string })
  })

  it.each<[string, Part[]]>([
    ['an unknown operation', [0xff]],
    ['a value missing', ['K\x01\x86']],
    ['a mark missing', ['K\x01t']],
    ['a value from under a mark', ['](a']],
    ['a memo never kept', ['h\x07']],
    ['a key without value', ['}(K\x01u']],
    ['items of a number', ['K\x01K\x02K\x03s']],
    ['appended to a tuple', [')K\x01a']],
    ['a tensor in a number', [named('torch._utils', '_rebuild_tensor_v2'), '(K\x01K\x00))ttR']],
    ['a text longer than the file', ['X', uint32(0xffffffff), 'abc']],
    ['an endless name', ['c', 'a'.repeat(5000), '\n', 'b\n']],
    ['a second filling', [named('glow', 'WN'), ')\x81}b}b']],
    ['an unfinished name', ['cos']],
  ])('no sense: %s', async (_, parts) => {
    await refused(await file(pickle(...parts)), 'corrupt', /is no whole PyTorch file/)
  })
})

describe('sizes that are lies', () => {
  const one = floats(1)
  const reads = async (root: Buffer) => outcome(await torchZip(root, { 0: one }))

  it('reads the honest one', async () => {
    expect(await reads(pickle(tensor(storage('0', 1), 0, [1], [1])))).toBe('read')
  })

  it.each<[string, Buffer]>([
    ['a storage larger than its file', tensor(storage('0', 2), 0, [1], [1])],
    ['a storage of 2³¹ numbers', tensor(storage('0', 2 ** 31 - 1), 0, [1], [1])],
    ['a storage of fewer numbers than none', tensor(storage('0', -1), 0, [1], [1])],
    ['a storage without file', tensor(storage('1', 1), 0, [1], [1])],
    ['a storage above the folder', tensor(storage('../data.pkl', 1), 0, [1], [1])],
    ['a tensor past its storage', tensor(storage('0', 1), 1, [1], [1])],
    ['a tensor that repeats its storage', tensor(storage('0', 1), 0, [1e9], [0])],
    ['a tensor of 10²⁷ numbers', tensor(storage('0', 1), 0, [1e9, 1e9, 1e9], [0, 0, 0])],
    ['strides backwards', tensor(storage('0', 1), 0, [1], [-1])],
    ['sides below none', tensor(storage('0', 1), 0, [-1], [1])],
    ['more sides than strides', tensor(storage('0', 1), 0, [1, 1], [1])],
    ['two types for one storage', bytesOf('(', storage('0', 1), storage('0', 1, 'IntStorage'), 't')],
  ])('%s', async (_, parts) => {
    expect(await reads(pickle(parts))).toMatchObject({ code: 'corrupt' })
  })

  it('counts numbers that tensors share each time', async () => {
    const few = Array.from({ length: 2 }, () => tensor(storage('0', 1), 0, [1], [1]))
    expect(await reads(pickle('(', ...few, 't'))).toBe('read')
    const big = floats(...new Array<number>(20_000).fill(1))
    const again = Array.from({ length: 9 }, () => bytesOf(named('torch._utils', '_rebuild_tensor'), 'h\x00R'))
    const args = bytesOf('(', storage('0', 20_000), whole(0), '(', whole(20_000), 't(', whole(1), 'tt', 'q\x00')
    expect(await outcome(await torchZip(pickle('(', args, ...again, 't'), { 0: big }))).toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/too many numbers in its tensors/) as string,
    })
  })

  it.each<[string, () => Buffer, RegExp]>([
    ['operations', () => pickle('N'.repeat(1_100_000)), /too many pickle operations/],
    ['containers', () => pickle('}'.repeat(210_000)), /too many lists, dicts/],
    ['nesting', () => pickle('('.repeat(600)), /nests over 500 deep/],
    ['memo', () => pickle('N', '\x94'.repeat(260_000)), /remembered/],
    [
      'byte strings made of one text',
      () => {
        const make = bytesOf(named('_codecs', 'encode'), 'h\x00R')
        return pickle('(', text('x'.repeat(1e6)), text('latin1'), '\x86q\x00', ...new Array<Buffer>(80).fill(make), 't')
      },
      /bytes of text/,
    ],
    [
      'copies of one list',
      () => {
        const make = bytesOf(named('__builtin__', 'set'), 'h\x00R')
        return pickle('](', 'N'.repeat(50_000), 'e\x85q\x00', '(', ...new Array<Buffer>(50).fill(make), 't')
      },
      /too many pickle operations/,
    ],
  ])('too many %s', async (_, root, message) => {
    await refused(await torchZip(root()), 'unsupported', message)
  })
})

describe('damaged and strange files', () => {
  const good = pickle('}', text('a'), tensor(storage('0', 3), 0, [3], [1]), 's')
  const stream = () =>
    torchStream(pickle('}', text('a'), tensor(storage('0', 3, 'FloatStorage', true), 0, [3], [1]), 's'), {
      0: { count: 3, bytes: floats(1, 2, 3) },
    })

  it('reads the whole ones', async () => {
    for (const bytes of [
      await torchZip(good, { 0: floats(1, 2, 3) }),
      stream(),
      await torchZip(good, { 0: floats(1, 2, 3) }, { compress: true }),
    ]) {
      await writeFile(path, bytes)
      const file = await readTorchFile(path)
      const found = isDict(file.root) ? file.root.get('a') : undefined
      expect([...(await file.read(found as TorchTensor)).data]).toEqual([1, 2, 3])
      await file.close()
    }
  })

  it('refuses a cut stream at every length', async () => {
    const bytes = stream()
    for (let length = bytes.length - 1; length >= 0; length -= 7) {
      await writeFile(path, bytes.subarray(0, length))
      await expect(readTorchFile(path)).rejects.toMatchObject({
        code: expect.stringMatching(/corrupt|bad-input/) as string,
      })
    }
  })

  it('refuses a cut zip', async () => {
    await writeFile(path, await torchZip(good, { 0: floats(1, 2, 3) }))
    await truncate(path, 200)
    await expect(readTorchFile(path)).rejects.toMatchObject({ code: 'corrupt' })
  })

  it('refuses a zip whose directory lies nowhere', async () => {
    const bytes = await torchZip(good, { 0: floats(1, 2, 3) })
    const end = bytes.lastIndexOf('PK\x05\x06')
    const far = bytesOf('PK\x06\x07', uint32(0), uint32(0x1234), uint32(0x490000), uint32(1))
    await refused(Buffer.concat([bytes.subarray(0, end), far, bytes.subarray(end)]), 'corrupt', /points outside of it/)
    const entry = Buffer.from(bytes)
    entry.writeUInt32LE(0x7fffffff, entry.indexOf('PK\x01\x02') + 42)
    await refused(entry, 'corrupt', /points outside of it/)
  })

  it('notices changed numbers in a zip', async () => {
    const bytes = await torchZip(good, { 0: floats(1, 2, 3) })
    const at = bytes.indexOf(floats(1, 2, 3))
    bytes[at]! ^= 1
    await writeFile(path, bytes)
    const file = await readTorchFile(path)
    const found = (isDict(file.root) ? file.root.get('a') : undefined) as TorchTensor
    await expect(file.read(found)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/checksum/) as string,
    })
    await file.close()
  })

  it('refuses numbers of a stream that another count stands before', async () => {
    const bytes = torchStream(pickle(tensor(storage('0', 3, 'FloatStorage', true), 0, [3], [1])), {
      0: { count: 2, bytes: floats(1, 2, 3) },
    })
    await refused(bytes, 'corrupt', /3 numbers turns out to have 2/)
  })

  it('refuses storages that nothing uses, and uses that have no storage', async () => {
    await refused(torchStream(pickle('N'), { 0: { count: 1, bytes: floats(1) } }), 'corrupt', /that nothing uses/)
    await refused(torchStream(pickle(storage('0', 1, 'FloatStorage', true))), 'corrupt', /lacks some/)
  })

  it('refuses big-endian machines by name', async () => {
    await refused(torchStream(pickle('N'), {}, { littleEndian: false }), 'unsupported', /big-endian/)
    await refused(
      await torchZip(pickle('N'), {}, { more: { byteorder: Buffer.from('big') } }),
      'unsupported',
      /big-endian/,
    )
    expect(await outcome(await torchZip(pickle('N'), {}, { more: { byteorder: Buffer.from('little') } }))).toBe('read')
  })

  it('refuses TorchScript, other zips and other files', async () => {
    await refused(
      await torchZip(pickle('N'), {}, { more: { 'constants.pkl': pickle('N') } }),
      'unsupported',
      /TorchScript/,
    )
    await refused(
      await torchZip(pickle('N'), {}, { more: { 'x/data.pkl': pickle('N') } }).then((bytes) =>
        Buffer.from(bytes.toString('latin1').replaceAll('data.pkl', 'data.txt'), 'latin1'),
      ),
      'bad-input',
      /holds 0 data\.pkl/,
    )
    await refused(Buffer.from('RIFF'), 'bad-input', /no file of PyTorch/)
    await refused(Buffer.alloc(0), 'bad-input', /no file of PyTorch/)
    await expect(readTorchFile(join(path, '..'))).rejects.toMatchObject({ code: 'bad-input' })
    await expect(readTorchFile(join(path, '..', 'none.pt'))).rejects.toMatchObject({ code: 'not-found' })
  })

  it('refuses a zip that would fill the memory', async () => {
    const zeros = Buffer.alloc(4_000_000)
    const root = pickle(tensor(storage('0', 1_000_000), 0, [1_000_000], [1]))
    await refused(await torchZip(root, { 0: zeros }, { compress: true }), 'unsupported', /grow over 20 times/)
    expect(await outcome(await torchZip(root, { 0: zeros }))).toBe('read')
  })
})

describe('circles', () => {
  it('are read, and stop whoever follows them', async () => {
    const own = pickle('}q\x00', text('model'), 'h\x00s')
    expect(await outcome(await torchZip(own))).toBe('read')
    const file = await readTorchFile(path)
    expect(isDict(file.root) && file.root.get('model') === file.root).toBe(true)
    expect(() => stateDict(file)).toThrow(/holds no model/)
    expect(() => plainValue(file)).toThrow(/nested over 32 deep/)
    await file.close()
  })

  it('of modules, and modules doubled at every level, are refused', async () => {
    const module = (inside: Part[]) =>
      bytesOf(named('glow', 'WN'), ')\x81q\x01}(', text('_modules'), '}(', ...inside, 'u', 'ub')
    await writeFile(path, await torchZip(pickle(module([text('a'), 'h\x01']))))
    const circle = await readTorchFile(path)
    expect(() => stateDict(circle)).toThrow(/nested over 32 deep/)
    await circle.close()

    let tree = bytesOf(named('glow', 'WN'), ')\x81}bq\x02')
    for (let level = 0; level < 30; level++)
      tree = bytesOf(
        tree,
        named('glow', 'WN'),
        ')\x81}',
        text('_modules'),
        '}(',
        text('a'),
        'h\x02',
        text('b'),
        'h\x02usbq\x02',
      )
    await writeFile(path, await torchZip(pickle('(', tree, 't')))
    const doubled = await readTorchFile(path)
    const root = (doubled.root as readonly never[]).at(-1)!
    expect(() => stateDict({ path, root })).toThrow(/over 100000 parts/)
    await doubled.close()
  })
})
