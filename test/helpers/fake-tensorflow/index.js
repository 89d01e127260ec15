// Stands in for @tensorflow/tfjs-node: a copy of tfjs-core of its own, its gradients and CPU kernels registered again, and a backend named `tensorflow`
// that counts the kernels it runs in `globalThis.fakeTensorflow`.
import '@tensorflow/tfjs-backend-cpu/dist/index.js'
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu/dist/backend_cpu.js'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-core/dist/register_all_gradients.js'
import util from 'node:util'

if (util.isNullOrUndefined(0)) throw new Error('util.isNullOrUndefined is wrong')

class NodeJSKernelBackend extends MathBackendCPU {}

const counts = (globalThis.fakeTensorflow = { kernels: 0, copy: tf.Tensor })
for (const kernel of tf.getKernelsForBackend('cpu')) {
  // What another copy registered there is not this package's.
  if (['Conv', 'ConvInputGradient', 'ConvFilterGradient'].includes(kernel.kernelName)) continue
  tf.registerKernel({
    ...kernel,
    backendName: 'tensorflow',
    kernelFunc: (args) => {
      if (!(args.backend instanceof NodeJSKernelBackend)) throw new Error('a kernel was given another backend')
      counts.kernels++
      return kernel.kernelFunc(args)
    },
  })
}
tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(), 3)
tf.setBackend('tensorflow')
