import * as tf from '@tensorflow/tfjs-core'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDevice, type Device } from '../../../src-main/compute'
import { chooseNamed, findGpu, hasGpu, type SystemFiles } from '../../../src-main/compute/devices/gpu-name'
import { deviceError, finiteCheck } from '../../../src-main/compute/devices/guard'
import { fastest } from '../../../src-main/compute/devices/list'
import { cpuDevice } from '../../../src-main/compute/devices/onnx-runtime'
import { placement } from '../../../src-main/compute/devices/placement'
import { probe } from '../../../src-main/compute/devices/probe'
import { cpuProvider } from '../../../src-main/compute/devices/providers'
import { selfTest, selfTestProgram } from '../../../src-main/compute/devices/self-test'
import { measureSpeed } from '../../../src-main/compute/devices/speed'
import type { ProgramSpec } from '../../../src-main/compute/program'
import { NagareError } from '../../../src-main/lib/errors'
import { float32 } from '../../../src-main/lib/ndarray'

let folder = ''
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'nagare-devices-'))))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A device whose every output `wrong` changes. */
const spoilt = (wrong: (data: Float32Array) => void): Device => {
  const device = cpuDevice({ threads: 1 })
  return {
    ...device,
    name: 'Spoilt card',
    load: async (spec, values) => {
      const runner = await device.load(spec, values)
      return {
        ...runner,
        run: async (inputs) => {
          const outputs = await runner.run(inputs)
          for (const { data } of Object.values(outputs)) wrong(data as Float32Array)
          return outputs
        },
      }
    },
  }
}

describe('self-test', () => {
  test('the processor passes, and its speed is measured', async () => {
    const device = cpuDevice({ threads: 1 })
    await selfTest(device)
    const { gflops, trainingGflops } = await measureSpeed(device)
    expect(gflops).toBeGreaterThan(0)
    expect(trainingGflops).toBeGreaterThan(0)
  })

  test.each([
    ['slightly off', (data: Float32Array) => void (data[0]! *= 1.002)],
    ['not a number', (data: Float32Array) => void (data[0] = NaN)],
  ])('a device that is %s does not', async (_, wrong) => {
    await expect(selfTest(spoilt(wrong))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^Spoilt card computes wrongly: a training run gave/) as string,
    })
  })

  test('its nodes are counted by where they ran', async () => {
    const { spec, values, inputs } = selfTestProgram()
    const { device, processor } = await placement('cpu', cpuProvider, spec, values, inputs)
    expect(device).toEqual({})
    expect(Object.values(processor).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(50)
  })
})

describe('a GPU provider is tried in a process of its own', () => {
  const script = async (name: string, body: string) => {
    const file = join(folder, `${name}.cjs`)
    await writeFile(file, body)
    return file
  }

  test('and what it sends is the answer', async () => {
    const file = await script(
      'good',
      `process.send({ id: process.argv[2], name: 'Card', available: true, gflops: 9 }, () => process.abort())`,
    )
    expect(await probe('webgpu', { file })).toEqual({ id: 'webgpu', name: 'Card', available: true, gflops: 9 })
  })

  test('which may abort', async () => {
    const file = await script('abort', `console.error('driver: out of luck'); process.abort()`)
    const found = await probe('webgpu', { file })
    expect(found).toMatchObject({ id: 'webgpu', available: false })
    expect(found.reason).toMatch(/ended the process by SIG.*driver: out of luck/s)
  })

  test('or hang', async () => {
    const file = await script('hang', `setInterval(() => {}, 1000)`)
    expect((await probe('webgpu', { file, limitMs: 300 })).reason).toMatch(/did not end within 0.3 seconds/)
  })

  test('and from plain sources is not tried by a list', async () => {
    expect((await probe('webgpu')).reason).toMatch(/^not tried/)
  })

  test('one that fails is an error that says why, or falls back aloud', async () => {
    const file = await script(
      'broken',
      `process.send({ id: 'webgpu', name: 'Card', available: false, reason: 'it smokes' })`,
    )
    await expect(openDevice('webgpu', { probe: file })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Card cannot be used: it smokes.',
    })
    const said: string[] = []
    const device = await openDevice('webgpu', { probe: file, fallback: (reason) => said.push(reason) })
    expect(device.id).toBe('cpu')
    expect(said).toEqual([`Card cannot be used: it smokes. Computing on the processor instead (${device.name}).`])
    await expect(openDevice('abacus', { fallback: () => undefined })).rejects.toMatchObject({ code: 'not-found' })
    expect((await openDevice('auto')).id).toBe('cpu')
  })
})

test('the fastest is told by its training steps', () => {
  const info = (id: string, gflops: number, trainingGflops?: number) => ({
    ...{ id, name: id, available: true, gflops },
    ...(trainingGflops === undefined ? {} : { trainingGflops }),
  })
  expect(fastest([info('a', 900, 10), info('b', 100, 50), info('c', 2000)])?.id).toBe('b')
  expect(fastest([])).toBeUndefined()
})

describe('an error of a device’s own software', () => {
  const spec: ProgramSpec = { name: 'net', run: () => ({}) }
  const card = { id: 'webgpu', name: 'Card' }

  test('names the device in words and by its id', () => {
    for (const thrown of [new Error('lost'), new NagareError('internal', 'lost')])
      expect(deviceError(card, spec, thrown)).toMatchObject({
        ...{ code: 'unavailable', device: 'webgpu', message: 'Card failed in program "net": lost' },
      })
    expect(deviceError(card, spec, new Error('kernel requires f16'))).toMatchObject({ device: 'webgpu' })
  })

  test('is told from what the program or the processor does wrong', () => {
    const wrong = new NagareError('bad-input', 'misshapen')
    expect(deviceError(card, spec, wrong)).toBe(wrong)
    expect(deviceError({ id: 'cpu', name: 'Processor' }, spec, new Error('lost'))).toMatchObject({
      ...{ code: 'internal', device: undefined },
    })
  })
})

describe('numbers that are not finite', () => {
  const spec: ProgramSpec = {
    name: 'root',
    state: { shift: [2] },
    inputs: { x: [2] },
    run: ({ state, inputs }) => ({ outputs: { y: tf.sqrt(tf.add(inputs['x']!, state['shift']!)) } }),
  }
  const card = { id: 'webgpu', name: 'Card' }
  const state = async () => ({ shift: float32([2], Float32Array.of(1, 1)) })
  const outputs = { y: float32([2], Float32Array.of(1, NaN)) }
  const check = () => finiteCheck(card, () => cpuDevice({ threads: 1 }), spec, {})

  test('are the device’s fault where the processor has finite ones', async () => {
    await expect(check()({ inputs: { x: float32([2], Float32Array.of(0, 3)) }, outputs, state })).rejects.toMatchObject(
      {
        code: 'unavailable',
        device: 'webgpu',
        message: expect.stringMatching(/^Card computes wrongly: output "y" of program "root" holds NaN/) as string,
      },
    )
  })

  test('are the program’s where it has not', async () => {
    await check()({ inputs: { x: float32([2], Float32Array.of(0, -3)) }, outputs, state })
  })
})

describe('names', () => {
  const files = (tree: Record<string, string>): SystemFiles => ({
    list: async (folder) => [
      ...new Set(
        Object.keys(tree)
          .filter((path) => path.startsWith(`${folder}/`))
          .map((path) => path.slice(folder.length + 1).split('/')[0]!),
      ),
    ],
    read: async (file) => tree[file] ?? '',
  })
  const amd = {
    '/sys/class/drm/card0/device/vendor': '0x1002\n',
    '/sys/class/drm/card0/device/device': '0x744c\n',
    '/usr/share/misc/pci.ids':
      '1000  Some maker\n\t744c  Not this\n1002  Advanced Micro Devices\n\t744b  Other\n\t744c  Navi 31 [Radeon RX 7900 XTX]\n\t\t1002 0e3b  Board\n1003  Next\n',
  }
  const found = (tree: Record<string, string>) => findGpu('GPU (WebGPU)', { platform: 'linux', files: files(tree) })

  test.each([
    ['SwiftShader', '/opt/libvk_swiftshader.so', {}, 'SwiftShader (software, no graphics card)', true],
    ['llvmpipe', '/lib/libvulkan_lvp.so\n/lib/libvulkan_radeon.so', {}, 'llvmpipe (software, no graphics card)', true],
    ['a card and its driver', '/lib/libvulkan_lvp.so\n/lib/libvulkan_radeon.so', amd, 'AMD Radeon RX 7900 XTX', false],
    ['a card without its driver', '/lib/libvulkan_lvp.so', amd, 'llvmpipe (software, no graphics card)', true],
    [
      'NVIDIA',
      '/lib/libGLX_nvidia.so.0',
      { '/proc/driver/nvidia/gpus/0000:01:00.0/information': 'Model: \t\t NVIDIA H100\nIRQ: 1\n' },
      'NVIDIA H100',
      false,
    ],
    ['nothing known', '', {}, 'GPU (WebGPU)', false],
  ])('%s', async (_, maps, tree, name, software) => {
    expect(await found({ ...tree, '/proc/self/maps': maps })).toEqual({ name, software })
  })

  test('hardware is seen before a driver is tried', async () => {
    expect(await hasGpu({ platform: 'linux', files: files({}) })).toBe(false)
    expect(await hasGpu({ platform: 'linux', files: files(amd) })).toBe(true)
    expect(await hasGpu({ platform: 'linux', files: files({ '/dev/dxg': '' }) })).toBe(true)
    expect(await hasGpu({ platform: 'darwin', files: files({}) })).toBe(true)
  })

  test.each([
    [['Intel(R) UHD Graphics 770', 'NVIDIA GeForce RTX 4070'], 'NVIDIA GeForce RTX 4070', false],
    [['Microsoft Basic Render Driver'], 'Microsoft Basic Render Driver (software)', true],
    [['Microsoft Remote Display Adapter'], 'generic', false],
  ])('%s', (names, name, software) => {
    expect(chooseNamed('generic', names)).toEqual({ name, software })
  })
})
