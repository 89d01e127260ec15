import { conv1d } from '../../../src-main/nn'
import { pick } from '../../../src-main/lib/ndarray'
import { convValues, normal, shapesOf, type BenchCase } from '../bench-case'

const channels = 512
const steps = 2000

/** One dilated convolution over time, its weight known beforehand. */
export const convolution: BenchCase = {
  name: 'conv1d',
  title: `conv1d ${channels} ch, k 3, dilation 4, ${steps} steps`,
  torch: ['conv1d.py'],
  flops: 2 * 3 * channels ** 2 * steps,
  calls: 1,
  repeats: 7,
  values: (random) => ({
    x: normal(random, [1, channels, steps]),
    ...convValues(random, 'conv', [channels, channels, 3]),
  }),
  async open(values, device) {
    const weights = pick(values, ['conv.weight', 'conv.bias'])
    const inputs = pick(values, ['x'])
    const runner = await device.load(
      {
        name: 'conv1d',
        params: shapesOf(weights),
        inputs: shapesOf(inputs),
        run: ({ params, inputs: { x } }) => ({
          outputs: {
            y: conv1d(x!, { weight: params['conv.weight']!, bias: params['conv.bias']! }, { dilations: 4, padding: 4 }),
          },
        }),
      },
      { params: weights },
    )
    return { call: () => runner.run(inputs), check: () => runner.run(inputs) }
  },
}
