import * as tf from '@tensorflow/tfjs-core'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import util from 'node:util'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDevice } from '../../../src-main/compute'
import { selfTest } from '../../../src-main/compute/devices/self-test'
import { tensorflowDevice } from '../../../src-main/compute/devices/tensorflow'
import { float32 } from '../../../src-main/lib/ndarray'

const root = resolve(import.meta.dirname, '../../..')
let folder = ''

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'nagare-tensorflow-')))
  const home = join(folder, 'node_modules/@tensorflow/tfjs-node')
  await mkdir(home, { recursive: true })
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    resolve: { mainFields: ['module', 'main'] },
    ssr: { noExternal: true },
    build: {
      ssr: true,
      target: 'node20',
      outDir: home,
      emptyOutDir: false,
      rolldownOptions: {
        input: join(root, 'test/helpers/fake-tensorflow/index.js'),
        output: { format: 'cjs', entryFileNames: 'index.js' },
      },
    },
  })
  await writeFile(join(home, 'package.json'), '{ "name": "@tensorflow/tfjs-node", "main": "index.js" }')
}, 120_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

const fake = () => (globalThis as unknown as { fakeTensorflow: { kernels: number; copy: unknown } }).fakeTensorflow

test('missing packages are named', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'nagare-empty-'))
  await expect(tensorflowDevice(join(empty, 'index.js'))).rejects.toMatchObject({
    code: 'unavailable',
    message: 'Neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed.',
  })
  await rm(empty, { recursive: true })
})

test('a package with its own copy of tfjs-core trains as the reference does', async () => {
  const reference = await openDevice('reference')
  const before = {
    kernel: tf.getKernel('Tanh', 'cpu'),
    gradient: tf.getGradient('Tanh'),
    backend: tf.getBackend(),
  }
  Reflect.deleteProperty(util, 'isNullOrUndefined')
  const device = await tensorflowDevice(join(folder, 'index.js'))
  expect(device.name).toBe('TensorFlow (processor)')
  expect(fake().copy).not.toBe(tf.Tensor)
  expect(tf.getKernel('Tanh', 'cpu')).toBe(before.kernel)
  expect(tf.getGradient('Tanh')).toBe(before.gradient)
  expect(tf.getBackend()).toBe(before.backend ?? 'cpu')

  const ran = fake().kernels
  await selfTest(device)
  expect(fake().kernels - ran).toBeGreaterThan(100)

  // Ours is right at second order, the package's is not.
  const spec = {
    name: 'penalty',
    inputs: { x: [3] },
    run: ({ inputs }: { inputs: Record<string, tf.Tensor> }) => ({
      outputs: { d: tf.grad((x) => tf.sum(tf.square(tf.grad((y) => tf.tanh(y))(x))))(inputs['x']!) },
    }),
  }
  const inputs = { x: float32([3], Float32Array.of(-0.5, 0.3, 1.1)) }
  const both = [device, reference].map(async (each) => (await each.load(spec, {})).run(inputs))
  const [found, due] = await Promise.all(both)
  expect(found!['d']).toBeAllclose(due!['d']!, { relative: 1e-6, absolute: 1e-6 })
  const slope = (x: number) => 2 * (1 - Math.tanh(x) ** 2) * -2 * Math.tanh(x) * (1 - Math.tanh(x) ** 2)
  expect([...found!['d']!.data]).toBeAllclose([-0.5, 0.3, 1.1].map(slope), { relative: 1e-4, absolute: 1e-4 })
})

const real = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'].find((name) => {
  try {
    createRequire(import.meta.url)(name)
    return true
  } catch {
    return false
  }
})
test.skipIf(!real)(
  real ? 'the real libtensorflow trains as the reference does' : 'the real libtensorflow (skipped: no tfjs-node here)',
  async () => {
    await selfTest(await tensorflowDevice())
  },
)
