import * as tf from '@tensorflow/tfjs-core'
import type { ProgramSpec, Tensors } from '../../../src-main/compute'
import { float32, pick, type NDArrays } from '../../../src-main/lib/ndarray'
import type { Random } from '../../../src-main/lib/random'
import { adam, conv1d, gatedTanh, trainingProgram } from '../../../src-main/nn'
import { convValues, firstMoments, normal, shapesOf, type BenchCase, type LoadCase } from '../bench-case'

const channels = 256
const layers = 8
const conditioning = 640
const signals = 4
const steps = 2000

const inputNames = ['audio', 'mel'] as const
const layerNumbers = Array.from({ length: layers }, (_, i) => i)

/** The last layer has no residual: nothing follows it. */
const residualSize = (layer: number) => (layer < layers - 1 ? 2 * channels : channels)

function values(random: Random): NDArrays {
  return {
    audio: normal(random, [1, signals, steps]),
    mel: normal(random, [1, conditioning, steps]),
    target: normal(random, [1, 2 * signals, steps]),
    ...convValues(random, 'start', [channels, signals, 1]),
    ...Object.assign(
      {},
      ...layerNumbers.map((layer) => ({
        ...convValues(random, `condition.${layer}`, [2 * channels, conditioning, 1]),
        ...convValues(random, `dilated.${layer}`, [2 * channels, channels, 3]),
        ...convValues(random, `residual.${layer}`, [residualSize(layer), channels, 1]),
      })),
    ),
    ...convValues(random, 'end', [2 * signals, channels, 1]),
  }
}

const weightsOf = (all: NDArrays) =>
  pick(
    all,
    Object.keys(all).filter((name) => /\.(weight|bias)$/.test(name)),
  )

/**
 * The network in a coupling of WaveGlow (Prenger et al., 2019): dilated convolutions gated by tanh and sigmoid, each conditioned on the mel spectrogram.
 * audio [batch, 4, time], mel [batch, 640, time] → [batch, 8, time].
 */
function network(weights: Tensors, { audio, mel }: Tensors): tf.Tensor {
  const layer = (name: string) => ({ weight: weights[`${name}.weight`]!, bias: weights[`${name}.bias`]! })
  let hidden = conv1d(audio!, layer('start'))
  let skipped: tf.Tensor | undefined
  for (const i of layerNumbers) {
    const dilated = conv1d(hidden, layer(`dilated.${i}`), { dilations: 2 ** i, padding: 2 ** i })
    const gated = gatedTanh(tf.add(dilated, conv1d(mel!, layer(`condition.${i}`))))
    const both = conv1d(gated, layer(`residual.${i}`))
    const [residual, skip] = i < layers - 1 ? tf.split(both, 2, 1) : [undefined, both]
    if (residual) hidden = tf.add(hidden, residual)
    skipped = skipped ? tf.add(skipped, skip!) : skip!
  }
  return conv1d(skipped!, layer('end'))
}

/** Multiplications and additions of the convolutions: those of the forward pass, and those of the gradients by inputs that are no data. */
const pass = (layersOnly: boolean) =>
  2 *
  steps *
  ((layersOnly ? 0 : channels * signals + layers * 2 * channels * conditioning) +
    layerNumbers.reduce((sum, layer) => sum + channels * (3 * 2 * channels + residualSize(layer)), 0) +
    channels * 2 * signals)

export const wavenetForward: BenchCase = {
  name: 'wavenet',
  title: 'WaveNet 256 ch × 8, forward',
  torch: ['wavenet.py', 'forward'],
  flops: pass(false),
  calls: 1,
  repeats: 5,
  values,
  async open(all, device) {
    const params = weightsOf(all)
    const inputs = pick(all, inputNames)
    const runner = await device.load(
      {
        name: 'wavenet',
        params: shapesOf(params),
        inputs: shapesOf(inputs),
        run: ({ params: weights, inputs: given }) => ({ outputs: { y: network(weights, given) } }),
      },
      { params },
    )
    return { call: () => runner.run(inputs), check: () => runner.run(inputs) }
  },
}

/** One step of Adam on the squared error of the network above. */
function wavenetTraining(all: NDArrays): ProgramSpec {
  return trainingProgram({
    name: 'wavenet-step',
    key: 'bench',
    params: shapesOf(weightsOf(all)),
    inputs: { ...shapesOf(pick(all, inputNames)), target: [1, 2 * signals, steps] },
    loss: (params, inputs) => ({
      loss: tf.mean(tf.squaredDifference(network(params, inputs), inputs['target']!)),
    }),
    optimizer: adam(),
    learningRate: 1e-4,
  })
}

export const wavenetStep: BenchCase = {
  name: 'wavenet-step',
  title: 'WaveNet 256 ch × 8, training step',
  torch: ['wavenet.py', 'step'],
  flops: 2 * pass(false) + pass(true),
  calls: 1,
  repeats: 3,
  values,
  async open(all, device) {
    const runner = await device.load(wavenetTraining(all), { state: weightsOf(all) })
    const inputs = pick(all, wavenetInputs)
    return {
      call: () => runner.run(inputs),
      async check() {
        const losses = new Float32Array(3)
        for (const i of losses.keys()) losses[i] = (await runner.run(inputs))['loss']!.data[0]!
        return { loss: float32([3], losses), ...firstMoments(await runner.state()) }
      },
    }
  },
}

/** Names of a training step's inputs among its values. */
export const wavenetInputs = [...inputNames, 'target']

export const wavenetLoad: LoadCase = {
  name: wavenetStep.name,
  title: wavenetStep.title,
  values,
  load: (all) => ({ spec: wavenetTraining(all), values: { state: weightsOf(all) } }),
}
