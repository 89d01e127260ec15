import { float32, pick, type NDArray, type NDArrays } from '../../lib/ndarray'
import { random } from '../../lib/random'
import { torchUniform } from '../../nn'
import { imageShape, pixelsOf } from './config'
import { modeCollapse, unlearnableRotation } from './findings'
import { generatorProgram } from './scoring'
import { turnShapes } from './self-supervision'
import { adversarialProgram } from './training-programs'
import { diverged, type Stage } from './stage'
import { initialWeights, partShapes, trainedShapes } from './weights'

/** Images that a preview shows. */
const SHOWN = 16
/** Iterations over which the notes average. */
const MEMORY = 0.98

/** The first stage: generator and critic against each other. Returns the weights of both, the generator's average where one is kept. */
export async function trainAdversarial(stage: Stage): Promise<NDArrays> {
  const { device, recipe, config, seed, progress, checkCancelled, found } = stage
  const { batch, criticSteps, learningRate, beta1, beta2, task, average, iterations } = recipe
  const spec = adversarialProgram(config, { batch, criticSteps, learningRate, beta1, beta2, task, average })
  const trainer = await device.load(spec, { state: stage.resumed?.current ?? freshState(stage) })
  const generator = partShapes(config, 'generator')
  const shower = await device.load(showProgram(stage), { state: pick(await trainer.state(), Object.keys(generator)) })
  const z = drawn(random(seed + 1), [SHOWN, config.latent])
  const names = Object.keys({ ...generator, ...partShapes(config, 'critic') })
  let gap = NaN
  let accuracy = NaN
  try {
    for (let step = stage.start; step < iterations;) {
      checkCancelled()
      const outputs = await trainer.run(await inputsOf(stage))
      step++
      const last = (name: string) => outputs[`critic${criticSteps - 1}.${name}`]!.data[0]!
      if (!Number.isFinite(last('loss'))) throw diverged('critic', step)
      gap = blended(gap, last('gap'))
      if (task !== 'none') accuracy = blended(accuracy, last('accuracy'))
      progress({ phase: 'Training generator and critic', done: step, total: iterations, note: note(gap, accuracy) })
      const ends = step === iterations
      if (recipe.preview > 0 && (step % recipe.preview === 0 || ends)) {
        await shower.setState(pick(kept(stage, await trainer.state()), Object.keys(generator)))
        const samples = (await shower.run({ z }))['images']!
        await stage.show?.({ step, samples })
        // Early samples are alike because the generator knows nothing yet.
        if (step >= iterations / 4) {
          found(modeCollapse(samples, await firstImages(stage)))
          if (task !== 'none') found(unlearnableRotation(accuracy))
        }
      }
      if (step % recipe.checkpoint === 0 && !ends) {
        const state = await trainer.state()
        await stage.save({ step, best: null, bestStep: step }, pick(kept(stage, state), names), state)
      }
    }
    return pick(kept(stage, await trainer.state()), names)
  } finally {
    await trainer.dispose()
    await shower.dispose()
  }
}

/** All that the first stage moves, at its start. */
function freshState({ config, recipe, draws }: Stage): NDArrays {
  const head = Object.entries(turnShapes(config, recipe.task)).map(([name, shape]) => {
    const [features, classes] = (name.endsWith('weight') ? shape : [1, 1]) as [number, number]
    const fans = { fanIn: features, fanOut: classes }
    return [name, name.endsWith('weight') ? torchUniform(draws, shape as number[], fans) : float32(shape as number[])]
  })
  return {
    ...initialWeights(config, 'generator', draws),
    ...initialWeights(config, 'critic', draws),
    ...(Object.fromEntries(head) as NDArrays),
  }
}

/** The weights that count: the generator's average in place of its last ones. */
const kept = ({ config, recipe }: Stage, state: NDArrays): NDArrays =>
  recipe.average > 0
    ? {
        ...state,
        ...Object.fromEntries(
          Object.keys(trainedShapes(config, 'generator')).map((name) => [name, state[`generatorStep.ema.${name}`]!]),
        ),
      }
    : state

/** `generatorProgram` whose weights may change. */
function showProgram({ config }: Stage) {
  const { params, run, ...spec } = generatorProgram(config, SHOWN)
  return {
    ...spec,
    name: 'f-anogan samples',
    state: params!,
    run: ({ state, inputs }: Parameters<typeof run>[0]) => run({ params: state, state: {}, inputs }),
  }
}

/** All inputs of one iteration, drawn in a fixed order. */
async function inputsOf({ config, recipe, draws, training }: Stage): Promise<NDArrays> {
  const { batch, criticSteps, task } = recipe
  const real = async () => float32([batch, ...imageShape(config)], await training.draw(batch, draws))
  const inputs: NDArrays = {}
  const shares = [batch, config.network === 'mlp' ? config.channels : 1, 1, 1]
  for (let i = 0; i < criticSteps; i++) {
    inputs[`critic${i}.real`] = await real()
    inputs[`critic${i}.z`] = drawn(draws, [batch, config.latent])
    const share = float32(shares)
    draws.fillUniform(share.data)
    inputs[`critic${i}.share`] = share
  }
  inputs['generator.z'] = drawn(draws, [batch, config.latent])
  if (task === 'minimax') inputs['generator.real'] = await real()
  return inputs
}

function drawn(draws: Stage['draws'], shape: readonly number[]): NDArray {
  const array = float32(shape)
  draws.fillNormal(array.data)
  return array
}

/** A few training images, to compare samples with. */
async function firstImages({ config, training }: Stage): Promise<NDArray> {
  const count = Math.min(SHOWN, training.count)
  const data = await training.at(0, count)
  return float32([count, ...imageShape(config)], data.subarray(0, count * pixelsOf(config)))
}

const blended = (before: number, now: number) => (Number.isNaN(before) ? now : MEMORY * before + (1 - MEMORY) * now)

const note = (gap: number, accuracy: number) =>
  `critic gap ${gap.toFixed(3)}` + (Number.isNaN(accuracy) ? '' : `, rotations told ${Math.round(100 * accuracy)} %`)
