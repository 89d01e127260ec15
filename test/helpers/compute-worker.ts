import * as tf from '@tensorflow/tfjs-core'
import { parentPort, workerData } from 'node:worker_threads'
import { openDevice } from '../../src-main/compute'
import { useRunGate } from '../../src-main/lib/run-gate'
import { float32 } from '../../src-main/lib/ndarray'

/** A worker that computes without end behind its gate, and posts the gradient of tanh at 0 after each run. */
useRunGate(workerData as SharedArrayBuffer)
const side = 256
const runner = await (
  await openDevice('cpu', { threads: 2 })
).load(
  {
    name: 'endless',
    state: { a: [side, side] },
    run: ({ state }) => {
      let a = state['a']!
      for (let i = 0; i < 8; i++) a = tf.tanh(tf.matMul(a as tf.Tensor2D, a as tf.Tensor2D))
      return { state: { a }, outputs: { slope: tf.grad((x) => tf.tanh(x))(tf.scalar(0)) } }
    },
  },
  { state: { a: float32([side, side], new Float32Array(side * side).fill(0.01)) } },
)
for (;;) parentPort!.postMessage((await runner.run({}))['slope']!.data[0])
