import { spawnSync } from 'node:child_process'
import type * as FsPromises from 'node:fs/promises'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import * as tf from '@tensorflow/tfjs-core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { NagareError } from '../../../src-main/lib/errors'
import { float32 } from '../../../src-main/lib/ndarray'
import { exportPack } from '../../../src-main/models/export-pack'
import type { ModelFamily } from '../../../src-main/models/family'
import type { OpenPack } from '../../../src-main/packs'
import { filesUnder, tempFolder } from '../../helpers/folder'

const root = resolve(import.meta.dirname, '../../..')

/** Set to the name of a file whose writing meets a full disk, half-way. */
let fullAt: string | undefined
afterEach(() => {
  fullAt = undefined
})
vi.mock('node:fs/promises', async (load) => {
  const fs = await load<typeof FsPromises>()
  const open: typeof fs.open = async (path, flags) => {
    const handle = await fs.open(path, flags)
    if (fullAt === undefined || !String(path).endsWith(fullAt)) return handle
    const write = handle.writeFile.bind(handle)
    handle.writeFile = async () => {
      await write('half')
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    }
    return handle
  }
  return { ...fs, open }
})

const weights = {
  'voices.table': float32(
    [3, 4],
    Float32Array.from({ length: 12 }, (_, i) => i / 10),
  ),
  'mix.weight': float32(
    [4, 4],
    Float32Array.from({ length: 16 }, (_, i) => Math.sin(i)),
  ),
}
const pack: OpenPack = {
  path: 'echo.nagare',
  sha256: '0'.repeat(64),
  weights,
  file: () => Promise.reject(new Error('none')),
  manifest: {
    format: 'nagare-pack',
    version: 1,
    kind: 'echo',
    name: 'Echo',
    description: 'Says it again.',
    licence: 'CC0',
    config: {},
    frontEnd: { sampleRate: 8000 },
    provenance: { data: [], command: '', seed: null, steps: null, seconds: null, device: null, notes: '' },
    metrics: [],
    files: {},
  },
}

/** All that a family may bring: whole numbers, several rates, state, truth values, a name that no variable may have, and one as long as its graph's. */
const echo = {
  kind: 'echo',
  exports: () => ({
    about: 'Two graphs.',
    graphs: [
      {
        name: 'voice',
        description: 'A voice by its number.',
        spec: {
          name: 'voice',
          params: { 'voices.table': [3, 4] },
          inputs: { speaker: { shape: [1], dtype: 'int32' as const } },
          run: ({ params, inputs }) => ({
            outputs: { 'voice.vector': tf.gather(params['voices.table']!, inputs['speaker'] as tf.Tensor1D) },
          }),
        },
        params: { 'voices.table': weights['voices.table'] },
        values: {
          speaker: { meaning: 'number of the voice, 0 | 1 | 2' },
          'voice.vector': { meaning: 'the voice' },
        },
      },
      {
        name: 'echo',
        description: 'Says it again, lower each time.',
        spec: {
          name: 'echo',
          params: { 'mix.weight': [4, 4] },
          state: { level: [1, 4] },
          inputs: { lambda: ['4*frames'], voice: [1, 4], loud: { shape: [], dtype: 'bool' as const } },
          run({ params, state, inputs }) {
            const frames = tf.reshape(inputs['lambda']!, [-1, 4]) as tf.Tensor2D
            const mixed = tf.matMul(frames, params['mix.weight'] as tf.Tensor2D)
            const heard = tf.add(tf.add(mixed, inputs['voice']!), state['level']!)
            const level = tf.mul(tf.mean(heard, 0, true), tf.add(tf.cast(inputs['loud']!, 'float32'), 0.5))
            return { state: { level }, outputs: { echo: tf.reshape(tf.add(heard, level), [-1]) } }
          },
        },
        params: { 'mix.weight': weights['mix.weight'] },
        values: {
          lambda: { meaning: 'samples' },
          voice: { meaning: 'the voice', from: 'voice.vector' },
          loud: { meaning: 'whether it gets louder' },
          level: { meaning: 'level so far' },
          'next.level': { meaning: 'level after this' },
          echo: { meaning: 'samples' },
        },
      },
    ],
  }),
} satisfies Pick<ModelFamily, 'kind' | 'exports'> as unknown as ModelFamily

const exported = async () => {
  const folder = join(await tempFolder(), 'onnx')
  const record = await exportPack(echo, pack, folder)
  const readme = await readFile(join(folder, 'README.md'), 'utf8')
  const example = (language: string) => new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, 's').exec(readme)![1]!
  return { folder, record, readme, example }
}

describe('a family that says what it exports', () => {
  it('has graphs with its names, kinds of number, rates and state', async () => {
    const { folder, record, readme } = await exported()
    expect(await filesUnder(folder)).toEqual(['README.md', 'echo.onnx', 'export.json', 'pack.json', 'voice.onnx'])
    const told = record.graphs.map(({ inputs, outputs }) =>
      [...inputs, ...outputs].map(({ name, dtype, shape }) => `${name} ${dtype} [${shape}]`),
    )
    expect(told).toEqual([
      ['speaker int32 [1]', 'voice.vector float32 [1,4]'],
      [
        'lambda float32 [4*frames]',
        'voice float32 [1,4]',
        'loud bool []',
        'level float32 [1,4]',
        'next.level float32 [1,4]',
        'echo float32 [4*frames]',
      ],
    ])
    expect(readme.replaceAll(/ +/g, ' ')).toContain('| [4\\*frames] |')
    expect(readme).toContain('0 \\| 1 \\| 2')
    const { [0]: graph } = record.graphs
    expect(graph).toMatchObject({ file: 'voice.onnx', description: 'A voice by its number.' })
  })

  /** What both examples print: shape and first number, computed here. */
  const expected = async (folder: string) => {
    const session = await InferenceSession.create(join(folder, 'echo.onnx'))
    const { 'next.level': next } = await session.run({
      lambda: new Tensor('float32', new Float32Array(400).fill(1), [400]),
      voice: new Tensor('float32', weights['voices.table'].data.slice(0, 4), [1, 4]),
      loud: new Tensor('bool', Uint8Array.of(0), []),
      level: new Tensor('float32', new Float32Array(4).fill(1), [1, 4]),
    })
    return [1, 4, Number(next!.data[0])]
  }
  const numbers = (printed: string) => printed.match(/-?\d+(\.\d+)?(e-?\d+)?/g)!.map(Number)

  it('has an example that runs in Node', async () => {
    const { folder, example } = await exported()
    await mkdir(join(folder, 'node_modules'))
    for (const name of ['onnxruntime-node', 'onnxruntime-common'])
      await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction')
    await writeFile(join(folder, 'example.mjs'), example('js'))
    const node = spawnSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' })
    expect([node.status, node.stderr]).toEqual([0, ''])
    expect(numbers(node.stdout)).toBeAllclose(await expected(folder), { relative: 1e-4 })
  })

  it('has an example that runs in Python', async ({ skip }) => {
    const { folder, example } = await exported()
    const python = (code: string) => spawnSync('python3', ['-c', code], { cwd: folder, encoding: 'utf8' })
    if (python('import onnxruntime, numpy').status !== 0) skip('Python has no onnxruntime here')
    const { status, stdout, stderr } = python(example('python'))
    expect([status, stderr]).toEqual([0, ''])
    expect(numbers(stdout)).toBeAllclose(await expected(folder), { relative: 1e-4 })
  })

  it('is told when it leaves a value unexplained', async () => {
    const { about, graphs } = await echo.exports!(pack)
    const silent: ModelFamily = { ...echo, exports: () => ({ about, graphs: [{ ...graphs[0]!, values: {} }] }) }
    const folder = join(await tempFolder(), 'x')
    await expect(exportPack(silent, pack, folder)).rejects.toThrow(
      'The graph voice does not say what its speaker means.',
    )
  })
})

describe('the folder', () => {
  it.each(['echo.onnx', 'export.json'])('stays as it was when the disk fills up at %s', async (name) => {
    const { folder } = await exported()
    await writeFile(join(folder, 'voice.onnx'), 'of before')
    const before = await filesUnder(folder)
    const fresh = join(await tempFolder(), 'fresh')
    fullAt = name
    for (const place of [folder, fresh]) {
      const error = (await exportPack(echo, pack, place).catch((thrown: unknown) => thrown)) as NagareError
      expect(error).toBeInstanceOf(NagareError)
      expect([error.code, error.message]).toEqual(['disk-full', `${place}: the disk is full.`])
    }
    expect(await filesUnder(folder)).toEqual(before)
    expect(await readFile(join(folder, 'voice.onnx'), 'utf8')).toBe('of before')
    expect(await filesUnder(join(fresh, '..'))).toEqual([])
  })

  it('trusts no card that names files elsewhere', async () => {
    const { folder } = await exported()
    await writeFile(join(folder, '../mine.txt'), 'mine')
    const files = ['../mine.txt', 'echo.onnx', 'voice.onnx', 'README.md', 'pack.json']
    await writeFile(join(folder, 'export.json'), JSON.stringify({ format: 'nagare-onnx', files }))
    await expect(exportPack(echo, pack, folder)).rejects.toMatchObject({ code: 'conflict' })
    expect(await readFile(join(folder, '../mine.txt'), 'utf8')).toBe('mine')
  })

  it('is not begun once the person stopped', async () => {
    const folder = join(await tempFolder(), 'x')
    const checkCancelled = () => {
      throw new NagareError('cancelled', 'Stopped.')
    }
    await expect(exportPack(echo, pack, folder, { checkCancelled })).rejects.toMatchObject({ code: 'cancelled' })
    expect(await filesUnder(join(folder, '..'))).toEqual([])
  })
})
