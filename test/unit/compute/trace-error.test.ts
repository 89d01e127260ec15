import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { openDevice } from '../../../src-main/compute'
import { traceError } from '../../../src-main/compute/trace/trace-error'

const cpu = await openDevice('cpu', { threads: 1 })
const load = async (run: (x: tf.Tensor2D) => tf.Tensor) =>
  cpu.load(
    { name: 'p', inputs: { x: [2, 3] }, run: ({ inputs }) => ({ outputs: { y: run(inputs['x'] as tf.Tensor2D) } }) },
    {},
  )

test('an op without a lowering is named with the file and line that called it', async () => {
  const line = Number(/trace-error\.test\.ts:(\d+)/.exec(new Error('here').stack!)![1])
  await expect(load((x) => tf.spectral.fft(tf.complex(x, x)))).rejects.toMatchObject({
    code: 'unsupported',
    message: `Program "p" uses the op Complex, which has no lowering to ONNX (called at ${['test', 'unit', 'compute', 'trace-error.test.ts'].join('/')}:${line + 1}).`,
    hint: expect.stringContaining('add it to src-main/compute/kernels'),
  })
})

test('what tfjs itself refuses is told with its caller too', async () => {
  await expect(load((x) => tf.expandDims(x, 7))).rejects.toThrow(
    /^Program "p" failed while being traced \(called at test.unit.compute.trace-error\.test\.ts:\d+\): /,
  )
})

test('shapes that do not fit are refused', async () => {
  await expect(load((x) => tf.concat([x, tf.zeros([3, 3])], 1))).rejects.toThrow(
    'Program "p": concat of float32 [2,3], float32 [3,3] does not fit.',
  )
  await expect(load((x) => tf.stack([x, tf.zeros([2, 4])]))).rejects.toThrow('Program "p"')
  await expect(load((x) => tf.reshape(x, [5]))).rejects.toThrow('Program "p": [2,3] cannot be reshaped to [5].')
  await expect(load((x) => tf.reshape(x, [4, -1]))).rejects.toThrow('Program "p": [2,3] cannot be reshaped to [4,-1].')
})

test('a stack of one bundle names no place', () => {
  const thrown = new Error("Kernel 'FFT' not registered for backend 'x'")
  thrown.stack = `Error: x\n    at Engine.runKernel (/app/out/engine.js:10:3)\n    at run (/app/out/engine.js:99:3)`
  expect(traceError('p', thrown).message).toBe('Program "p" uses the op FFT, which has no lowering to ONNX.')
})

test.each([
  ['randomNormal', () => tf.randomNormal([2, 3])],
  ['randomUniform', () => tf.randomUniform([2, 3], 0, 1, 'float32', 7)],
  ['randomUniformInt', () => tf.randomUniformInt([2, 3], 0, 9)],
  ['randomStandardNormal', () => tf.randomStandardNormal([2, 3])],
  ['randomGamma', () => tf.randomGamma([2, 3], 1)],
  ['truncatedNormal', () => tf.truncatedNormal([2, 3])],
  ['rand', () => tf.rand([2, 3], Math.random)],
  ['dropout', (x: tf.Tensor) => tf.dropout(x, 0.5)],
  ['multinomial', (x: tf.Tensor) => tf.multinomial(x as tf.Tensor2D, 4)],
])('%s is refused: its numbers belong into an input', async (op, run) => {
  await expect(load(run)).rejects.toMatchObject({
    code: 'unsupported',
    message: `Program "p": ${op} draws random numbers while the program is traced, the same for every run.`,
    hint: 'Make the random numbers an input of the program, drawn with lib/random.',
  })
})
