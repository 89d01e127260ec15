import * as tf from '@tensorflow/tfjs-core'

type Saved = tf.Tensor[]
type Custom = (...args: (tf.Tensor | ((tensors: Saved) => void))[]) => {
  value: tf.Tensor
  gradFunc: (dy: tf.Tensor, saved: Saved) => tf.Tensor | tf.Tensor[]
}

/**
 * Makes every `tf.customGrad` differentiable again, those inside tfjs (`logSoftmax`, `losses.softmaxCrossEntropy`) included.
 *
 * What a custom gradient saves besides its inputs is cut off from them. So the inputs are saved instead, and the forward function runs once more
 * when the gradient is asked for; tracing makes one of both runs.
 */
export function connectCustomGradients(): void {
  const engine = tf.engine()
  const customGrad = engine.customGrad.bind(engine)
  const connected = (forward: Custom) =>
    customGrad(((...args: Parameters<Custom>) => {
      const inputs = args.slice(0, -1) as tf.Tensor[]
      const save = args.at(-1) as (tensors: Saved) => void
      const { value } = forward(...inputs, ignore as never)
      save(inputs)
      return {
        value,
        gradFunc: (dy: tf.Tensor, again: Saved) => {
          let saved: Saved = []
          const { gradFunc } = forward(...again, ((tensors: Saved) => (saved = tensors)) as never)
          return gradFunc(dy, saved)
        },
      }
    }) as never)
  engine.customGrad = connected as unknown as typeof engine.customGrad
}

const ignore = () => {}
