import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import yazl from 'yazl'
import { float32 } from '../../../src-main/lib/ndarray'
import {
  addPack,
  catalogue,
  choosePack,
  decodeSafetensors,
  encodeSafetensors,
  halvePack,
  openPack,
  readManifest,
  recordMetrics,
  removePack,
  writePack,
} from '../../../src-main/packs'
import { parseNpy } from '../../../src-main/packs/npz'
import { tempFolder } from '../../helpers/folder'

const card = {
  kind: 'vae-nmf',
  name: 'Test',
  description: '',
  licence: 'CC0',
  config: { bins: 3 },
  frontEnd: { sampleRate: 16_000 },
  provenance: { data: [], command: 'none', seed: 1, steps: 2, seconds: 3, device: 'cpu', notes: '' },
  metrics: [{ name: 'loss', value: 1.5, unit: 'nats', protocol: 'none' }],
}
const weights = {
  b: float32([2, 3], Float32Array.of(1, -2, 3.5, 1e-30, 0, 7)),
  a: { shape: [2], dtype: 'int32' as const, data: Int32Array.of(-1, 2) },
  c: { shape: [], dtype: 'bool' as const, data: Uint8Array.of(1) },
}

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

describe('safetensors', () => {
  it('reads back what it wrote', () => {
    expect(decodeSafetensors(encodeSafetensors(weights, { made: 'here' }))).toEqual(weights)
  })

  it.each([
    ['nothing', Buffer.alloc(0), 'corrupt'],
    ['a header longer than the file', Buffer.from([255, 255, 255, 255, 255, 255, 255, 127, 0, 0]), 'corrupt'],
    ['a header that is no JSON', Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('hi')]), 'corrupt'],
    ['data outside the file', header({ x: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } }), 'corrupt'],
    [
      'a shape that its data do not fill',
      header({ x: { dtype: 'F32', shape: [4], data_offsets: [0, 8] } }, 8),
      'corrupt',
    ],
    ['another number type', header({ x: { dtype: 'F8_E4M3', shape: [1], data_offsets: [0, 1] } }, 1), 'unsupported'],
  ])('refuses %s', (_, bytes, code) => {
    expect(() => decodeSafetensors(bytes)).toThrow(expect.objectContaining({ code }))
  })
})

function header(content: unknown, data = 0): Buffer {
  const json = Buffer.from(JSON.stringify(content))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, Buffer.alloc(data)])
}

describe.each(['model.nagare', 'model'])('a pack in %s', (name) => {
  it('comes back as it was written, extra files included', async () => {
    const path = join(folder, name)
    await writePack(path, card, weights, { 'threshold.json': Buffer.from('{"t":1}') })
    const pack = await openPack(path)
    expect(pack.weights).toEqual(weights)
    expect(pack.manifest).toMatchObject(card)
    expect(Buffer.from(await pack.file('threshold.json')).toString()).toBe('{"t":1}')
    expect(await readdir(folder)).toEqual([name])
  })

  it('replaces an older one in one step', async () => {
    const path = join(folder, name)
    await writePack(path, card, weights)
    await writePack(path, { ...card, name: 'Newer' }, weights)
    expect((await openPack(path)).manifest.name).toBe('Newer')
    expect(await readdir(folder)).toEqual([name])
  })
})

describe('a halved pack', () => {
  const halves = float32([3], Float32Array.of(0.1, -2048.5, 1e-30))
  const rounded = Float32Array.of(0.0999755859375, -2048, 0)

  it('has its weights rounded to 16 bits, all else as it was, and says so once', async () => {
    const [from, to] = [join(folder, 'model.nagare'), join(folder, 'half.nagare')]
    await writePack(from, card, { ...weights, b: halves }, { 'threshold.json': Buffer.from('{"t":1}') })
    await halvePack(from, to)
    await halvePack(to, to)
    const pack = await openPack(to)
    expect(pack.weights).toEqual({ ...weights, b: { ...halves, data: rounded } })
    expect(pack.manifest.provenance).toEqual({ ...card.provenance, notes: 'The weights are rounded to 16 bits.' })
    expect(Buffer.from(await pack.file('threshold.json')).toString()).toBe('{"t":1}')
    const size = async (path: string) => (await readManifest(path)).manifest.files['weights.safetensors']!.bytes
    expect((await size(from)) - (await size(to))).toBeGreaterThanOrEqual(6)
  })

  it('keeps its size where figures are recorded', async () => {
    const path = join(folder, 'model.nagare')
    await writePack(path, card, weights, { 'threshold.json': Buffer.from('{}') })
    await halvePack(path, path)
    const before = await readManifest(path)
    await recordMetrics(path, [{ ...card.metrics[0]!, value: 2 }])
    const after = await readManifest(path)
    expect(after.manifest).toEqual({ ...before.manifest, metrics: [{ ...card.metrics[0]!, value: 2 }] })
  })

  it.each([70_000, Infinity, NaN])('is not made of %d', async (value) => {
    const [from, to] = [join(folder, 'model.nagare'), join(folder, 'half.nagare')]
    await writePack(from, card, { big: float32([2], Float32Array.of(1, value)) })
    await expect(halvePack(from, to)).rejects.toMatchObject({ code: 'bad-input' })
    expect(await readdir(folder)).toEqual(['model.nagare'])
  })
})

describe('a damaged or hostile pack', () => {
  it('is refused when a file has another hash', async () => {
    const path = join(folder, 'model')
    await writePack(path, card, weights)
    const file = join(path, 'weights.safetensors')
    const bytes = await readFile(file)
    bytes[bytes.length - 1]! ^= 1
    await writeFile(file, bytes)
    await expect(openPack(path)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('sha256') as unknown,
    })
  })

  it('is refused when a byte of the zip changed, wherever it is', async () => {
    const path = join(folder, 'model.nagare')
    await writePack(path, card, weights)
    const whole = await readFile(path)
    for (let at = 0; at < whole.length; at += 97) {
      const bytes = Buffer.from(whole)
      bytes[at]! ^= 0x55
      await writeFile(path, bytes)
      const outcome = await openPack(path).then(
        (pack) => pack.weights,
        (error: { code: string }) => error.code,
      )
      // Bytes that carry no content (dates, attributes) may change; the weights may not.
      if (typeof outcome === 'string')
        expect(['corrupt', 'bad-input', 'unsupported', 'not-found', 'internal']).toContain(outcome)
      else expect(outcome).toEqual(weights)
    }
  })

  it('is refused when it is cut, empty, text, or has no card', async () => {
    const path = join(folder, 'model.nagare')
    await writePack(path, card, weights)
    const whole = await readFile(path)
    for (const bytes of [Buffer.alloc(0), Buffer.from('hello'), whole.subarray(0, 40), whole.subarray(0, -30)]) {
      await writeFile(path, bytes)
      await expect(openPack(path)).rejects.toMatchObject({ code: 'corrupt', file: path })
    }
    await mkdir(join(folder, 'empty'))
    await expect(openPack(join(folder, 'empty'))).rejects.toMatchObject({ code: 'bad-input' })
    await expect(openPack(join(folder, 'missing'))).rejects.toMatchObject({ code: 'not-found' })
  })

  /** A zip as a stranger might write one: any card, any files. */
  async function foreignZip(name: string, manifest: string, files: [name: string, bytes: Uint8Array][]) {
    const zip = new yazl.ZipFile()
    for (const [file, bytes] of [['pack.json', Buffer.from(manifest)] as const, ...files])
      zip.addBuffer(Buffer.from(bytes), file)
    zip.end()
    const path = join(folder, name)
    await pipeline(zip.outputStream, createWriteStream(path))
    return path
  }
  const entry = (bytes: Uint8Array) => ({
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
  })
  const manifest = (files: Record<string, unknown>, more = {}) =>
    JSON.stringify({ format: 'nagare-pack', version: 1, ...card, ...more, files })
  const packed = encodeSafetensors(weights)

  it('is refused when it would fill the memory', async () => {
    const zeros = new Uint8Array(4_000_000)
    const path = await foreignZip('bomb.nagare', manifest({ 'weights.safetensors': entry(zeros) }), [
      ['weights.safetensors', zeros],
    ])
    await expect(openPack(path)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/grow over 100 times/) as unknown,
    })
  })

  it('is refused when two of its files have one name', async () => {
    const path = await foreignZip('twice.nagare', manifest({ 'weights.safetensors': entry(packed) }), [
      ['weights.safetensors', packed],
      ['pack.jsoN', Buffer.from(manifest({}))],
    ])
    const bytes = (await readFile(path)).toString('latin1').replaceAll('pack.jsoN', 'pack.json')
    await writeFile(path, bytes, 'latin1')
    await expect(openPack(path)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/two files named pack\.json/) as unknown,
    })
  })

  it('is refused when its card was changed inside the zip', async () => {
    const path = join(folder, 'model.nagare')
    await writePack(path, card, weights)
    const bytes = (await readFile(path)).toString('latin1').replace('"CC0"', '"MIT"')
    await writeFile(path, bytes, 'latin1')
    await expect(openPack(path)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/checksum/) as unknown,
    })
  })

  it('is not added when any file that its card names is missing or another', async () => {
    const files = { 'weights.safetensors': entry(packed), 'speakers.json': entry(Buffer.from('[]')) }
    const own = join(folder, 'own')
    const missing = await foreignZip('missing.nagare', manifest(files), [['weights.safetensors', packed]])
    await expect(addPack(missing, own, [])).rejects.toMatchObject({ code: 'not-found' })
    const other = await foreignZip('other.nagare', manifest(files), [
      ['weights.safetensors', packed],
      ['speakers.json', Buffer.from('{}')],
    ])
    await expect(addPack(other, own, [])).rejects.toMatchObject({ code: 'corrupt' })
    await expect(readdir(own)).rejects.toThrow(/ENOENT/)
  })

  it('brings no number to the window that JSON cannot carry', async () => {
    const huge = { sha256: entry(packed).sha256, bytes: Number.MAX_SAFE_INTEGER }
    const files = { 'weights.safetensors': entry(packed) }
    const contents: [string, Uint8Array][] = [['weights.safetensors', packed]]
    await foreignZip('a.nagare', manifest({ ...files, x: huge, y: huge }), contents)
    const rate = manifest(files, { frontEnd: { sampleRate: 5 } }).replace('"sampleRate":5', '"sampleRate":1e999')
    await foreignZip('b.nagare', rate, contents)
    const records = (await catalogue([{ folder, origin: 'user' }])).map(({ record }) => record)
    expect(records).toMatchObject([{ id: 'b', sampleRate: null }])
  })

  it('does not follow a link out of its folder', async () => {
    const path = join(folder, 'model')
    await writePack(path, card, weights)
    const outside = join(folder, 'outside')
    await writeFile(outside, await readFile(join(path, 'weights.safetensors')))
    const { rm } = await import('node:fs/promises')
    await rm(join(path, 'weights.safetensors'))
    await symlink(outside, join(path, 'weights.safetensors'))
    await expect(openPack(path)).rejects.toMatchObject({ code: 'corrupt' })
  })

  it('never replaces a folder that is no pack', async () => {
    const path = join(folder, 'music')
    await mkdir(path)
    await writeFile(join(path, 'song.wav'), 'x')
    await expect(writePack(path, card, weights)).rejects.toMatchObject({ code: 'conflict' })
    expect(await readdir(path)).toEqual(['song.wav'])
  })
})

describe('the catalogue', () => {
  it('lists packs by folder, leaves out what is none, adds, chooses and removes', async () => {
    const [starter, user] = [join(folder, 'starter'), join(folder, 'user')]
    await mkdir(starter)
    await writePack(join(starter, 'speech'), card, weights)
    await writeFile(join(starter, 'notes.txt'), 'x')
    const bad: string[] = []
    const folders = [
      { folder: starter, origin: 'starter' as const },
      { folder: user, origin: 'user' as const },
    ]
    const first = await catalogue(folders, (path) => bad.push(path))
    expect(first.map(({ record }) => record)).toMatchObject([
      { id: 'speech', kind: 'vae-nmf', origin: 'starter', sampleRate: 16_000 },
    ])
    expect(bad).toEqual([join(starter, 'notes.txt')])

    const other = join(folder, 'My voice.nagare')
    await writePack(other, { ...card, kind: 'blow' }, weights)
    await addPack(other, user, first)
    // A starter's id is taken too.
    await expect(addPack(join(starter, 'speech'), user, first)).rejects.toMatchObject({ code: 'conflict' })
    await expect(addPack(other, user, first)).rejects.toMatchObject({ code: 'conflict' })
    const both = await catalogue(folders)
    expect(both.map(({ record }) => record.id)).toEqual(['speech', 'My-voice'])
    expect(choosePack(both, ['vae-nmf']).record.id).toBe('speech')
    expect(() => choosePack(both, ['vae-nmf'], 'My-voice')).toThrow(/blow model/)
    expect(() => choosePack(both, ['waveglow'])).toThrow(/no waveglow model/)
    expect(() => choosePack(both, ['vae-nmf'], 'nobody')).toThrow(/there is: speech/)
    await expect(removePack(both[0]!)).rejects.toMatchObject({ code: 'no-permission' })
    await removePack(both[1]!)
    expect((await catalogue(folders)).length).toBe(1)
  })
})

describe('npy', () => {
  const npy = (descr: string, order: 'True' | 'False', shape: string, body: Buffer) => {
    const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape}), }`.padEnd(117) + '\n'
    return Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
      Buffer.from([text.length, 0]),
      Buffer.from(text),
      body,
    ])
  }
  const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer)

  it('reads rows and columns in either order', () => {
    expect(parseNpy(npy('<f4', 'False', '2, 3', floats(1, 2, 3, 4, 5, 6)), 'x')).toEqual(
      float32([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)),
    )
    expect(parseNpy(npy('<f4', 'True', '2, 3', floats(1, 4, 2, 5, 3, 6)), 'x')).toEqual(
      float32([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)),
    )
  })

  it('refuses objects, cut data and nonsense', () => {
    expect(() => parseNpy(npy('|O', 'False', '1,', Buffer.alloc(8)), 'x')).toThrow(/\|O/)
    expect(() => parseNpy(npy('<f4', 'False', '9, 9', floats(1)), 'x')).toThrow(/its shape needs/)
    expect(() => parseNpy(npy('<f4', 'False', '-1,', floats(1)), 'x')).toThrow(/shape/)
    expect(() => parseNpy(Buffer.from('not an array at all'), 'x')).toThrow(/mark/)
  })
})
