import * as tf from '@tensorflow/tfjs-core'
import type { Device, ProgramSpec } from '../../compute'
import type { NDArrays } from '../../lib/ndarray'
import type { BlowConfig } from './config'
import { lossInputs } from './loss'
import { encode } from './network'
import { weightShapes } from './weights'

/**
 * ActNorms for a first batch: each makes what it sees zero in mean and one in deviation, over batch and time (Kingma & Dhariwal, 2018, §3.1).
 * `batch` as `lossInputs`; returns the `norm.shift` and `norm.logScale` of every flow.
 */
export async function actNorms(
  device: Device,
  config: BlowConfig,
  weights: NDArrays,
  batch: NDArrays,
): Promise<NDArrays> {
  const runner = await device.load(actNormProgram(config, batch['audio']!.shape[0]!), { state: weights })
  try {
    return await runner.run(batch)
  } finally {
    await runner.dispose()
  }
}

function actNormProgram(config: BlowConfig, batch: number): ProgramSpec {
  return {
    name: 'blow first batch',
    key: JSON.stringify([config, batch]),
    state: weightShapes(config),
    inputs: lossInputs(config, batch),
    run({ state, inputs: { audio, speaker } }) {
      const outputs: Record<string, tf.Tensor> = {}
      const voice = tf.matMul(speaker as tf.Tensor2D, state['voices'] as tf.Tensor2D)
      encode(config, state, audio!, voice, (name, x) => {
        const [count, , steps] = x.shape as [number, number, number]
        const mean = tf.mean(x, [0, 2], true)
        const squares = tf.sum(tf.square(tf.sub(x, mean)), [0, 2])
        const deviation = tf.sqrt(tf.div(squares, Math.max(1, count * steps - 1)))
        const shift = tf.neg(tf.squeeze(mean, [0, 2]))
        const logScale = tf.neg(tf.log(tf.add(deviation, 1e-7)))
        outputs[`${name}.norm.shift`] = shift
        outputs[`${name}.norm.logScale`] = logScale
        return { shift, logScale }
      })
      return { outputs }
    },
  }
}
