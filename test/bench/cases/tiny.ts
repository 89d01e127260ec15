import * as tf from '@tensorflow/tfjs-core'
import { dense } from '../../../src-main/nn'
import { pick } from '../../../src-main/lib/ndarray'
import { normal, shapesOf, type BenchCase } from '../bench-case'

/** Two dense layers of four units: what a call costs besides its work. */
export const tiny: BenchCase = {
  name: 'tiny',
  title: 'tiny graph, 4→4→4',
  torch: ['tiny.py'],
  calls: 1000,
  repeats: 5,
  values: (random) => ({
    x: normal(random, [1, 4]),
    w1: normal(random, [4, 4]),
    b1: normal(random, [4]),
    w2: normal(random, [4, 4]),
    b2: normal(random, [4]),
  }),
  async open(values, device) {
    const weights = pick(values, ['w1', 'b1', 'w2', 'b2'])
    const inputs = pick(values, ['x'])
    const runner = await device.load(
      {
        name: 'tiny',
        params: shapesOf(weights),
        inputs: shapesOf(inputs),
        run: ({ params: { w1, b1, w2, b2 }, inputs: { x } }) => ({
          outputs: { y: dense(tf.tanh(dense(x!, w1!, b1)), w2!, b2) },
        }),
      },
      { params: weights },
    )
    return { call: () => runner.run(inputs), check: () => runner.run(inputs) }
  },
}
