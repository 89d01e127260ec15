import * as tf from '@tensorflow/tfjs-core'
import { referenceDevice } from '../../src-main/compute/devices/eager'
import { onnxRuntimeDevice } from '../../src-main/compute/devices/onnx-runtime'
import { placement } from '../../src-main/compute/devices/placement'
import { gpuProviders } from '../../src-main/compute/devices/providers'
import type { ProgramSpec, Tensors } from '../../src-main/compute/program'
import { float32, type NDArray, type NDArrays } from '../../src-main/lib/ndarray'
import { opCases, shapesOf, type OpCase } from './op-cases'

/**
 * Run as a process of its own, since a broken driver may end it: the sweep's cases with their first gradients, and a program's state, on the WebGPU
 * provider. Sends one message per case, `{ kernel, title, off, processor }`, then `{ state }` and `{ memory }`.
 */
const provider = gpuProviders['webgpu']!
const device = onnxRuntimeDevice('webgpu', provider.name, provider, { threads: 1 })
const reference = referenceDevice()
const send = (message: object) => new Promise((sent) => process.send!(message, sent))

const list = (out: tf.Tensor | tf.Tensor[]) => (Array.isArray(out) ? out : [out])

function program({ title, inputs, apply, smooth }: OpCase): ProgramSpec {
  const floats = Object.keys(inputs).filter((name) => inputs[name]!.dtype === 'float32')
  return {
    name: title,
    inputs: shapesOf(inputs),
    run(values) {
      const outputs: Tensors = Object.fromEntries(list(apply(values.inputs)).map((tensor, i) => [`out${i}`, tensor]))
      if (!smooth) return { outputs }
      const value = (...xs: tf.Tensor[]) => {
        const given = Object.fromEntries(floats.map((name, i) => [name, xs[i]!]))
        return tf.addN(list(apply({ ...values.inputs, ...given })).map((tensor) => tf.sum(tf.square(tensor))))
      }
      const gradients = tf.grads(value)(floats.map((name) => values.inputs[name]!))
      for (const [i, gradient] of gradients.entries()) outputs[`d.${floats[i]!}`] = gradient
      return { outputs }
    },
  }
}

/** The largest difference in parts of what is allowed, 1e-3 of the number and 1e-4; infinite where only one is NaN, or shape or type differ. */
function difference(found: NDArray, due: NDArray): number {
  if (found.dtype !== due.dtype || String(found.shape) !== String(due.shape)) return Infinity
  let worst = 0
  for (const [i, y] of due.data.entries()) {
    const x = found.data[i]!
    if (Object.is(x, y) || x === y) continue
    const parts = Math.abs(x - y) / (1e-4 + 1e-3 * Math.abs(y))
    worst = Number.isNaN(parts) ? Infinity : Math.max(worst, parts)
  }
  return worst
}

async function outputs(on: typeof device, spec: ProgramSpec, inputs: NDArrays): Promise<NDArrays> {
  const runner = await on.load(spec, {})
  try {
    return await runner.run(inputs)
  } finally {
    await runner.dispose()
  }
}

// One session stays open, so that the GPU device is not made anew for each case.
const held = await device.load(
  { name: 'held', inputs: { x: [1] }, run: ({ inputs }) => ({ outputs: { y: tf.neg(inputs['x']!) } }) },
  {},
)
for (const [kernel, cases] of Object.entries(opCases)) {
  for (const [i, each] of cases.entries()) {
    const spec = program(each)
    try {
      const [found, due] = [await outputs(device, spec, each.inputs), await outputs(reference, spec, each.inputs)]
      const off = Math.max(...Object.keys(due).map((name) => difference(found[name]!, due[name]!)))
      const left = i === 0 ? (await placement('webgpu', provider, spec, {}, each.inputs)).processor : {}
      await send({ kernel, title: each.title, off, processor: Object.keys(left) })
    } catch (thrown) {
      await send({ kernel, title: each.title, error: String(thrown) })
    }
  }
}

const ramp = (shape: number[], step: number) => {
  const array = float32(shape)
  for (let i = 0; i < array.data.length; i++) array.data[i] = Math.sin(step * i)
  return array
}
const halved: ProgramSpec = {
  name: 'halved',
  params: { w: [40, 48] },
  inputs: { x: [6, 40] },
  run: ({ params, inputs }) => ({
    outputs: { y: tf.tanh(tf.matMul(inputs['x'] as tf.Tensor2D, params['w'] as tf.Tensor2D)) },
  }),
}
const halfValues = { params: { w: ramp([40, 48], 0.7) } }
const halfResult = async (on: typeof device, precision: 'float16' | 'float32') => {
  const runner = await on.load(halved, halfValues, { precision })
  return (await runner.run({ x: ramp([6, 40], 1.1) }))['y']!
}
// A driver either has 16-bit floats, or the device says that it has none.
const half = await halfResult(device, 'float16').then(
  async (found) => {
    const due = await halfResult(reference, 'float32')
    return Math.max(...found.data.map((y, i) => Math.abs(y - due.data[i]!)))
  },
  (thrown: unknown) => String(thrown),
)
await send({ half })

const numbers = (...data: number[]) => float32([data.length], Float32Array.from(data))
const moving: ProgramSpec = {
  name: 'moving',
  state: {
    ...{ a: [2], b: [2], fixed: [2], same: [2], twin: [2], count: [] },
    ...{ whole: { shape: [2], dtype: 'int32' }, bits: { shape: [3], dtype: 'bool' } },
  },
  inputs: { x: [2] },
  run({ state: s, inputs }) {
    const same = tf.mul(s['same']!, 2)
    return {
      state: {
        ...{ a: s['b']!, b: tf.add(s['a']!, inputs['x']!), same, twin: same, count: tf.add(s['count']!, 1) },
        ...{ whole: tf.add(s['whole']!, tf.scalar(1, 'int32')), bits: tf.logicalNot(s['bits']!) },
      },
      outputs: { sum: tf.sum(tf.mul(s['b']!, s['fixed']!)) },
    }
  },
}
const first = {
  ...{ a: numbers(1, 2), b: numbers(10, 20), fixed: numbers(3, 5), same: numbers(1, 2), twin: numbers(0, 0) },
  count: float32([]),
  whole: { shape: [2], dtype: 'int32', data: Int32Array.of(5, -7) },
  bits: { shape: [3], dtype: 'bool', data: Uint8Array.of(1, 0, 1) },
} as NDArrays
const steps = await Promise.all(
  [device, reference].map(async (on) => {
    const runner = await on.load(moving, { state: first })
    const seen: unknown[] = []
    const plain = (arrays: NDArrays) =>
      Object.fromEntries(Object.entries(arrays).map(([name, { dtype, data }]) => [name, [dtype, ...data]]))
    for (let i = 0; i < 3; i++) {
      seen.push(plain(await runner.run({ x: numbers(1, 1) })))
      seen.push(plain(await runner.state()))
    }
    await runner.setState({ b: numbers(7, 8), fixed: numbers(1, 1) })
    seen.push(plain(await runner.run({ x: numbers(0, 0) })), plain(await runner.state()))
    await runner.dispose()
    return seen
  }),
)
await send({ state: steps })

const side = 512
const growing = await device.load(
  {
    name: 'growing',
    state: { w: [side, side] },
    inputs: { x: [1] },
    run: ({ state, inputs }) => {
      const w = tf.add(state['w']!, inputs['x']!)
      return { state: { w }, outputs: { corner: tf.slice(tf.reshape(w, [-1]), 0, 1) } }
    },
  },
  { state: { w: float32([side, side]) } },
)
const resident: number[] = []
let corner = 0
for (let i = 1; i <= 500; i++) {
  corner = (await growing.run({ x: numbers(1) }))['corner']!.data[0]!
  if (i % 100 === 0) resident.push(process.memoryUsage.rss() / 1e6)
}
await growing.dispose()
await held.dispose()
await send({ memory: { resident, corner } })
process.exit(0)
