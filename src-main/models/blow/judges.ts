import type { Device } from '../../compute'
import { rms } from '../../dsp'
import { NagareError } from '../../lib/errors'
import type { Random } from '../../lib/random'
import { cepstraKept, melCepstra, type Cepstra } from './cepstra'
import { trainClassifier, type ClassifierOptions } from './classifier'

/** What a judge listens to, and how it learns. */
export interface JudgeKind {
  /** What it is called. */
  name: string
  /** Features of a sound at a rate in Hz, always as many. */
  features(x: Float32Array, sampleRate: number): Float32Array
  /** A row as the classifier takes it, and one like it for training. */
  row(features: Float32Array): Float32Array
  vary?(features: Float32Array, random: Random): Float32Array
  training: Omit<ClassifierOptions, 'count' | 'seed' | 'vary' | 'step'>
}

/** A recording as a judge learns from it or is asked about it. */
export interface Judged {
  label: string
  features: Float32Array
}

export interface Judge {
  /** What it chooses among, sorted. */
  labels: readonly string[]
  /** The label that it takes each for. */
  choose(features: readonly Float32Array[]): Promise<string[]>
  /** How probable it holds each of the labels for each. */
  probabilities(features: readonly Float32Array[]): Promise<Float32Array[]>
  dispose(): Promise<void>
}

/** A recording under white noise 15 to 40 dB below it, so that a judge does not go by how clean recordings are. */
export function underNoise(x: Float32Array, draws: Random): Float32Array {
  const spread = rms(x) * 10 ** (-(15 + 25 * draws.uniform()) / 20)
  return x.map((value) => value + spread * draws.normal())
}

/** Frames this far below the loudest are not speech, nats: 35 dB. */
const quiet = (35 / 20) * Math.LN10

/** Who speaks: means and deviations over the frames of speech of the cepstra, and deviations of their slopes. */
export const speakerJudge: JudgeKind = {
  name: 'speaker judge',
  features(x, sampleRate) {
    const { frames, values, slopes, levels } = melCepstra(x, sampleRate)
    const spoken = Array.from({ length: frames }, (_, t) => t).filter((t) => levels[t]! < quiet)
    // The level says how one speaks up, not who.
    const [means, deviations] = moments(values, spoken)
    const [, slopeDeviations] = moments(slopes, spoken)
    return Float32Array.from([...means.slice(1), ...deviations, ...slopeDeviations])
  },
  row: (features) => features,
  training: { hidden: 128, steps: 1200, learningRate: 2e-3, weightDecay: 0.05, noise: 0.3, dropout: 0.3 },
}

/** Steps in time that a word is stretched to, kept twice as fine until then. */
const steps = 24
const fine = 2 * steps
/** Cepstra that tell words apart. */
const used = 16
/** Share of a word by which a judge in training sees either end moved. */
const slack = 0.08

/** What is said: the cepstra and slopes between the first loud frame and the last, stretched to one length. */
export const wordJudge: JudgeKind = {
  name: 'content judge',
  features(x, sampleRate) {
    const cepstra = melCepstra(x, sampleRate)
    const loud = Array.from({ length: cepstra.frames }, (_, t) => t).filter((t) => cepstra.levels[t]! < quiet)
    return stretched(sequence(cepstra), loud[0] ?? 0, loud.at(-1) ?? 0, fine)
  },
  row: (features) => stretched(features, 0, fine - 1, steps),
  vary(features, random) {
    const end = () => (fine - 1) * slack * (2 * random.uniform() - 1)
    return stretched(features, end(), fine - 1 + end(), steps)
  },
  training: { hidden: 192, steps: 800, learningRate: 2e-3, weightDecay: 0.05, noise: 0.3, dropout: 0.3 },
}

export interface JudgeOptions {
  seed: number
  /** Called before each step of training; may throw to stop. */
  step?: ((done: number, total: number) => void) | undefined
}

/**
 * Trains a judge on real recordings, nothing that a model made. The same seed gives the same judge. Throws `bad-input` where they have one label only.
 */
export async function trainJudge(
  device: Device,
  kind: JudgeKind,
  recordings: readonly Judged[],
  { seed, step }: JudgeOptions,
): Promise<Judge> {
  const labels = [...new Set(recordings.map(({ label }) => label))].sort()
  if (labels.length < 2)
    throw new NagareError(
      'bad-input',
      `The ${kind.name} needs recordings of two kinds to tell apart, found ${labels.join() || 'none'}.`,
    )
  const classifier = await trainClassifier(
    device,
    {
      rows: recordings.map(({ features }) => kind.row(features)),
      classes: recordings.map(({ label }) => labels.indexOf(label)),
    },
    {
      ...kind.training,
      count: labels.length,
      seed,
      vary: kind.vary && ((i, random) => kind.vary!(recordings[i]!.features, random)),
      step,
    },
  )
  const probabilities = (features: readonly Float32Array[]) => classifier.probabilities(features.map(kind.row))
  return {
    labels,
    probabilities,
    choose: async (features) => (await probabilities(features)).map((p) => labels[p.indexOf(Math.max(...p))]!),
    dispose: () => classifier.dispose(),
  }
}

/** Mean and deviation of each cepstrum over the frames numbered `frames`. */
function moments(values: Float32Array, frames: readonly number[]): [means: Float32Array, deviations: Float32Array] {
  const means = new Float32Array(cepstraKept)
  const deviations = new Float32Array(cepstraKept)
  for (let q = 0; q < cepstraKept; q++) {
    let sum = 0
    let squares = 0
    for (const t of frames) sum += values[t * cepstraKept + q]!
    const mean = sum / Math.max(1, frames.length)
    for (const t of frames) squares += (values[t * cepstraKept + q]! - mean) ** 2
    means[q] = mean
    deviations[q] = Math.sqrt(squares / Math.max(1, frames.length))
  }
  return [means, deviations]
}

/** Cepstra and slopes side by side, [frames, 2 · used]. */
function sequence({ frames, values, slopes }: Cepstra): Float32Array {
  const out = new Float32Array(frames * 2 * used)
  for (let t = 0; t < frames; t++) {
    out.set(values.subarray(t * cepstraKept, t * cepstraKept + used), t * 2 * used)
    out.set(slopes.subarray(t * cepstraKept, t * cepstraKept + used), t * 2 * used + used)
  }
  return out
}

/** `count` steps from time `first` to `last` of a sequence [frames, 2 · used], between frames on straight lines, beyond its ends held. */
function stretched(sequence: Float32Array, first: number, last: number, count: number): Float32Array {
  const size = 2 * used
  const end = sequence.length / size - 1
  const out = new Float32Array(count * size)
  for (let i = 0; i < count; i++) {
    const time = Math.max(0, Math.min(end, first + ((last - first) * i) / (count - 1)))
    const [before, after] = [Math.floor(time), Math.min(end, Math.floor(time) + 1)]
    const share = time - before
    for (let j = 0; j < size; j++)
      out[i * size + j] = (1 - share) * sequence[before * size + j]! + share * sequence[after * size + j]!
  }
  return out
}
