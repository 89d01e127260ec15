import * as tf from '@tensorflow/tfjs-core'
import type { ProgramSpec, Shapes, Tensors } from '../compute'
import { NagareError } from '../lib/errors'
import { clipped, globalNorm, type ClipOptions } from './clip'
import { lossAndGradients, type LossFunction } from './loss-gradients'
import { oneMinusPower, type Optimizer } from './optimizers'
import { parameterGroups } from './parameter-groups'
import type { Schedule } from './schedules'

export interface WeightDecay {
  /** λ. */
  rate: number
  /** Shrink the weights by learning rate · λ (Loshchilov & Hutter, 2019) instead of adding λ · weight to the gradient (default false). */
  decoupled?: boolean
  /** Parameters that decay; all by default. */
  only?(name: string): boolean
}

export interface AverageOptions {
  /** Share of the old average that stays at each update. */
  decay: number
  /**
   * Average evenly at first, so that the start does not weigh in (bias correction, as Adam's; default true). Where false, the average starts
   * from the state `ema.*` that `load` must be given, as a rule the parameters.
   */
  warmup?: boolean
}

export interface TrainingOptions {
  name: string
  /** As `ProgramSpec.key`: must tell apart all that the loss, the optimiser and the other options compute. */
  key?: string
  /** What is trained; kept as state under the same names. */
  params: Shapes
  inputs: Shapes
  /** State that the loss function updates itself; none by default. */
  state?: Shapes
  /** State that the loss function only reads, such as the other network of a GAN; none by default. */
  frozen?: Shapes
  /** Gets the parameters, the inputs, and `state` and `frozen` together. */
  loss: LossFunction
  optimizer: Optimizer
  /** Step size; 'input' makes it the program's scalar input `learningRate`. */
  learningRate: number | Schedule | 'input'
  /** Bounds on the gradient; none by default. */
  clip?: ClipOptions
  weightDecay?: WeightDecay
  /** Keep an exponential moving average of the parameters as state `ema.*`. */
  ema?: AverageOptions
  /** Runs whose mean gradient makes one update (default 1). */
  accumulate?: number
  /** Leave everything as it was where the loss or a gradient is not finite (default false); adds the output `finite`. */
  skipNonFinite?: boolean
  /** Further outputs, all scalars: the gradient's norm before clipping, whether it and the loss are finite, the learning rate used. */
  outputs?: readonly ('gradientNorm' | 'finite' | 'learningRate')[]
  /** First part of the names of all state but parameters, `state` and `frozen`: keeps programs over one state apart. */
  scope?: string
}

/**
 * One training step as a program: loss, gradients, clipping, weight decay, optimiser and average in one graph.
 *
 * State: the parameters, `state` and `frozen` (all given to `load`); `<optimizer>.<slot>.*`, `<optimizer>.step` (updates made), `ema.*`,
 * `accumulated.*` and `accumulated` (runs since the last update), which start at zero. Outputs: `loss` and the metrics, from before the step, and those asked for.
 * With `accumulate` = N only every Nth run updates, by the mean of N gradients: as one batch N times as large, where the loss is a mean over the batch.
 * A gradient that is not finite stays in the sum: the update due is skipped (`skipNonFinite`) and the sum starts anew.
 * Throws `bad-input` where two kinds of state share a name, or the loss is no scalar or does not depend on a parameter.
 */
export function trainingProgram(options: TrainingOptions): ProgramSpec {
  const {
    name,
    params,
    inputs,
    state = {},
    frozen = {},
    loss,
    optimizer,
    learningRate,
    clip,
    weightDecay,
    ema,
  } = options
  const { accumulate = 1, skipNonFinite = false, outputs: asked = [], scope } = options
  if (!(Number.isInteger(accumulate) && accumulate >= 1))
    throw new NagareError(
      'bad-input',
      `Training program "${name}" cannot accumulate ${accumulate} runs: give 1 or more.`,
    )
  const own = (key: string) => (scope ? `${scope}.${key}` : key)
  const like = (prefix: string): Shapes =>
    Object.fromEntries(Object.entries(params).map(([key, shape]) => [prefix + key, shape]))
  const prefixes = {
    slots: optimizer.slots.map((slot) => [slot, own(`${optimizer.name}.${slot}.`)] as const),
    ema: own('ema.'),
    accumulated: own('accumulated.'),
  }
  const stepName = own(`${optimizer.name}.step`)
  const countName = own('accumulated')
  const averages = ema ? like(prefixes.ema) : {}
  const fromZero = merged(name, 'state', [
    ...prefixes.slots.map(([, prefix]) => like(prefix)),
    { [stepName]: [] },
    ...(accumulate > 1 ? [like(prefixes.accumulated), { [countName]: [] }] : []),
    ...(ema && ema.warmup !== false ? [averages] : []),
  ])
  const reports = new Set([...asked, ...(skipNonFinite ? (['finite'] as const) : [])])
  const decays = (key: string) => weightDecay !== undefined && (weightDecay.only?.(key) ?? true)
  const groups = parameterGroups(params, decays)

  return {
    name,
    ...(options.key === undefined ? {} : { key: options.key }),
    state: merged(name, 'state', [params, state, frozen, fromZero, ...(ema?.warmup === false ? [averages] : [])]),
    zeros: Object.keys(fromZero),
    inputs: merged(name, 'inputs', [inputs, learningRate === 'input' ? { learningRate: [] } : {}]),
    run({ state: before, inputs: given }) {
      const result = lossAndGradients({ name, params, state, frozen, loss }, before, given)
      const done = before[stepName]!
      const step = tf.add(done, 1)
      const rate =
        learningRate === 'input'
          ? given['learningRate']!
          : typeof learningRate === 'number'
            ? tf.scalar(learningRate)
            : learningRate(done)

      const gradients = groups.map((group) => {
        const gradient = group.join(result.gradients)
        if (accumulate === 1) return gradient
        return tf.add(group.join(before, prefixes.accumulated), tf.mul(gradient, 1 / accumulate))
      })
      const norm =
        clip?.norm !== undefined || reports.has('gradientNorm') || reports.has('finite')
          ? globalNorm(gradients)
          : undefined
      const finite = reports.has('finite') ? tf.logicalAnd(tf.isFinite(norm!), tf.isFinite(result.loss)) : undefined
      const count = accumulate > 1 ? tf.add(before[countName]!, 1) : undefined
      const due = count && tf.greaterEqual(count, accumulate)
      const sound = skipNonFinite ? finite : undefined
      const applies = due && sound ? tf.logicalAnd(due, sound) : (due ?? sound)
      const where = (condition: tf.Tensor | undefined, now: tf.Tensor, otherwise: tf.Tensor) =>
        condition ? tf.where(condition, now, otherwise) : now

      const bounded = clip ? clipped(gradients, clip, norm) : gradients
      const shared = optimizer.begin(rate, step)
      const share = ema && averageShare(ema, step)
      const next: Tensors = { [stepName]: where(applies, step, done) }
      for (const [key, now] of Object.entries(result.state)) next[key] = where(sound, now, before[key]!)
      for (const [i, group] of groups.entries()) {
        const old = group.join(before)
        const decayed = weightDecay && decays(group.names[0]!) ? decay(weightDecay, old, bounded[i]!, rate) : undefined
        const slots = Object.fromEntries(prefixes.slots.map(([slot, prefix]) => [slot, group.join(before, prefix)]))
        const updated = optimizer.update({
          param: decayed?.param ?? old,
          gradient: decayed?.gradient ?? bounded[i]!,
          slots,
          shared,
        })
        Object.assign(next, group.split(where(applies, updated.param, old)))
        for (const [slot, prefix] of prefixes.slots)
          Object.assign(next, group.split(where(applies, updated.slots[slot]!, slots[slot]!), prefix))
        if (share) {
          const average = group.join(before, prefixes.ema)
          const moved = tf.add(average, tf.mul(tf.sub(updated.param, average), share))
          Object.assign(next, group.split(where(applies, moved, average), prefixes.ema))
        }
        if (due) {
          const rest = tf.where(due, tf.zerosLike(gradients[i]!), gradients[i]!)
          Object.assign(next, group.split(rest, prefixes.accumulated))
        }
      }
      if (due) next[countName] = tf.where(due, tf.scalar(0), count)
      const report = { gradientNorm: norm, finite, learningRate: rate }
      const reported = Object.fromEntries([...reports].map((key) => [key, report[key]!]))
      const outputs = merged(name, 'outputs', [{ loss: result.loss }, result.metrics, reported])
      result.release([...Object.values(next), ...Object.values(outputs)])
      return { state: next, outputs }
    },
  }
}

/** The parameter and its gradient as weight decay leaves them to the optimiser. */
function decay(
  { rate: lambda, decoupled = false }: WeightDecay,
  param: tf.Tensor,
  gradient: tf.Tensor,
  rate: tf.Tensor,
): { param: tf.Tensor; gradient: tf.Tensor } {
  return decoupled
    ? { param: tf.mul(param, tf.sub(1, tf.mul(rate, lambda))), gradient }
    : { param, gradient: tf.add(gradient, tf.mul(param, lambda)) }
}

/** Share of the newest parameters in their average: 1 - decay, or (1 - decay) / (1 - decay^step) while that starts. */
function averageShare({ decay, warmup = true }: AverageOptions, step: tf.Tensor): tf.Tensor {
  return warmup ? tf.div(1 - decay, oneMinusPower(decay, step)) : tf.scalar(1 - decay)
}

/** The records as one. Throws `bad-input` where two share a name. */
function merged<T>(program: string, kind: string, records: readonly Record<string, T>[]): Record<string, T> {
  const result: Record<string, T> = {}
  for (const record of records) {
    for (const [key, value] of Object.entries(record)) {
      if (key in result)
        throw new NagareError('bad-input', `Training program "${program}" has two kinds of ${kind} named "${key}".`, {
          hint: kind === 'state' ? 'Rename one, or give the program a scope.' : 'Rename one.',
        })
      result[key] = value
    }
  }
  return result
}
