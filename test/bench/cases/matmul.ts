import * as tf from '@tensorflow/tfjs-core'
import { normal, type BenchCase } from '../bench-case'

const side = 1024

/** One product of two square matrices. */
export const matmul: BenchCase = {
  name: 'matmul',
  title: `matmul ${side}³`,
  torch: ['matmul.py'],
  flops: 2 * side ** 3,
  calls: 1,
  repeats: 9,
  values: (random) => ({ a: normal(random, [side, side]), b: normal(random, [side, side]) }),
  async open(values, device) {
    const runner = await device.load(
      {
        name: 'matmul',
        inputs: { a: [side, side], b: [side, side] },
        run: ({ inputs }) => ({ outputs: { y: tf.matMul(inputs['a']!, inputs['b']!) } }),
      },
      {},
    )
    return { call: () => runner.run(values), check: () => runner.run(values) }
  },
}
