import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { openDevice, type ProgramSpec } from '../../../src-main/compute'
import { defaultGraphCache } from '../../../src-main/compute/devices/graph-cache'
import { float32 } from '../../../src-main/lib/ndarray'
import { tempFolder } from '../../helpers/folder'

/** A program that counts how often it is traced; open lengths are traced several times. */
function counted(key: string | undefined, factor = 2) {
  const traces = { count: 0 }
  const spec: ProgramSpec = {
    name: 'scaled',
    ...(key === undefined ? {} : { key }),
    params: { by: [2] },
    inputs: { x: ['rows', 2] },
    run: ({ params, inputs }) => {
      traces.count++
      return { outputs: { y: tf.mul(tf.mul(inputs['x']!, params['by']!), factor) } }
    },
  }
  return { spec, traces }
}

const params = { by: float32([2], Float32Array.of(1, 10)) }
const x = float32([2, 2], Float32Array.of(1, 2, 3, 4))

async function result(cache: { folder: string; stamp: string }, spec: ProgramSpec, weights = params) {
  const runner = await (await openDevice('cpu', { threads: 1, cache })).load(spec, { params: weights })
  const { y } = await runner.run({ x })
  await runner.dispose()
  return [...y!.data]
}

test('a program with a key is traced once and loaded from the cache afterwards, with the weights of the moment', async () => {
  const cache = { folder: join(await tempFolder(), 'graphs'), stamp: 'a' }
  const first = counted('{}')
  expect(await result(cache, first.spec)).toEqual([2, 40, 6, 80])
  expect(first.traces.count).toBeGreaterThan(0)
  const second = counted('{}')
  expect(await result(cache, second.spec, { by: float32([2], Float32Array.of(2, 0)) })).toEqual([4, 0, 12, 0])
  expect(second.traces.count).toBe(0)
  expect(await readdir(cache.folder)).toHaveLength(1)
})

test('another key, other code and other shapes are other graphs; no key means no cache', async () => {
  const cache = { folder: join(await tempFolder(), 'graphs'), stamp: 'a' }
  await result(cache, counted('{}').spec)
  expect(await result(cache, counted('{"factor":3}', 3).spec)).toEqual([3, 60, 9, 120])
  expect(await result({ ...cache, stamp: 'b' }, counted('{}', 4).spec)).toEqual([4, 80, 12, 160])
  expect(await readdir(cache.folder)).toHaveLength(3)
  const without = counted(undefined)
  await result(cache, without.spec)
  const { count } = without.traces
  await result(cache, without.spec)
  expect(without.traces.count).toBe(2 * count)
  expect(await readdir(cache.folder)).toHaveLength(3)
})

test('a damaged file is compiled anew and mended', async () => {
  const cache = { folder: join(await tempFolder(), 'graphs'), stamp: 'a' }
  await result(cache, counted('{}').spec)
  const path = join(cache.folder, (await readdir(cache.folder))[0]!)
  const whole = await readFile(path)
  expect(whole.toString('latin1')).toContain('"outputs"')
  const renamed = Buffer.from(whole.toString('latin1').replace('"outputs"', '"outpuus"'), 'latin1')
  for (const damaged of [whole.subarray(0, whole.length - 9), Buffer.from('no graph'), Buffer.alloc(0), renamed]) {
    await writeFile(path, damaged)
    const again = counted('{}')
    expect(await result(cache, again.spec)).toEqual([2, 40, 6, 80])
    expect(again.traces.count).toBeGreaterThan(0)
    expect(await readFile(path)).toEqual(whole)
  }
})

test('a folder that cannot be written costs nothing but time', async () => {
  const file = join(await tempFolder(), 'file')
  await writeFile(file, '')
  expect(await result({ folder: join(file, 'graphs'), stamp: 'a' }, counted('{}').spec)).toEqual([2, 40, 6, 80])
})

test('code that runs from its sources has no cache of its own', () => {
  expect(defaultGraphCache()).toBeUndefined()
})

test('weights changed in place are new weights, and a runner that is disposed of twice ends no other', async () => {
  const device = await openDevice('cpu', { threads: 1 })
  const by = float32([2], Float32Array.of(1, 10))
  const before = await device.load(counted(undefined).spec, { params: { by } })
  const twin = await device.load(counted(undefined).spec, { params: { by } })
  by.data[0] = 5
  const after = await device.load(counted(undefined).spec, { params: { by } })
  expect([...(await after.run({ x }))['y']!.data]).toEqual([10, 40, 30, 80])
  await before.dispose()
  await before.dispose()
  await expect(before.run({ x })).rejects.toThrow('was disposed of')
  expect([...(await twin.run({ x }))['y']!.data]).toEqual([2, 40, 6, 80])
  await Promise.all([twin.dispose(), after.dispose()])
})

test('runners of one graph over the same weights share a session; each ends it alone', async () => {
  const device = await openDevice('cpu', { threads: 1 })
  const [first, second] = await Promise.all([0, 1].map(() => device.load(counted(undefined).spec, { params })))
  await first!.dispose()
  expect([...(await second!.run({ x }))['y']!.data]).toEqual([2, 40, 6, 80])
  await second!.dispose()
  const third = await device.load(counted(undefined).spec, { params })
  expect([...(await third.run({ x }))['y']!.data]).toEqual([2, 40, 6, 80])
  await third.dispose()
})
