import * as tf from '@tensorflow/tfjs-core'
import type { ProgramSpec, Shapes, Tensors } from '../../compute'
import type { FrontEnd, McemSettings, VaeConfig } from './config'
import {
  gainFactor,
  logLikelihood,
  metropolisMove,
  noiseVariance,
  rescale,
  updateActivations,
  updateSpectra,
  wienerGain,
  type Observation,
} from './mcem'
import { decode, encode, featureShapes, features, vaeShapes } from './network'

/** Least variance of noise, relative to the mean frame energy: keeps every ratio and product within single precision. */
export const noiseFloor = 1e-9

/** Share of moves that a random walk should take. */
const acceptance = 0.35

/** What stays with one window from iteration to iteration. */
const stateShapes = (config: VaeConfig, { components }: McemSettings, frames: number): Shapes => ({
  z: [frames, config.latent],
  gain: [frames, 1],
  spread: [frames, 1],
  h: [frames, components],
  w: [components, config.bins],
})

const observationShapes = (config: VaeConfig, frames: number): Shapes => ({
  power: [frames, config.bins],
  band: [config.bins, 1],
  valid: [frames, 1],
})

const drawShapes = (config: VaeConfig, frames: number, moves: number): Shapes => ({
  normal: [moves * frames, config.latent],
  uniform: [moves * frames, 1],
})

const only = (shapes: Shapes, part: string): Shapes =>
  Object.fromEntries(Object.entries(shapes).filter(([name]) => name.startsWith(part)))

/** Parameters of the encoder, with the statistics of its features where it has any. */
export const encoderShapes = (config: VaeConfig): Shapes => ({
  ...only(vaeShapes(config), 'encoder.'),
  ...(config.encoder.input === 'log-power' ? featureShapes(config) : {}),
})

export const decoderShapes = (config: VaeConfig): Shapes => only(vaeShapes(config), 'decoder.')

/** Mean and log variance of q(z|x) for normalised `power` [frames, bins]; bins outside the recording's `band` [1, bins] are held at 0. */
export function encodeObserved(
  config: VaeConfig,
  frontEnd: FrontEnd,
  params: Tensors,
  power: tf.Tensor2D,
  band: tf.Tensor2D,
) {
  const seen: tf.Tensor2D = tf.mul(features(config, params, tf.maximum(power, frontEnd.floor)), band)
  return encode(params, seen)
}

/** Where the chain starts: the encoder's mean for the mixture itself. In: power, band. Out: z [frames, latent]. */
export function startProgram(config: VaeConfig, frontEnd: FrontEnd, frames: number): ProgramSpec {
  return {
    name: 'vae-nmf start',
    key: JSON.stringify([config, frontEnd, frames]),
    params: encoderShapes(config),
    inputs: observationShapes(config, frames),
    run({ params, inputs }) {
      const { power, band } = inputs as Record<'power' | 'band', tf.Tensor2D>
      return { outputs: { z: encodeObserved(config, frontEnd, params, power, tf.transpose(band)).mean } }
    },
  }
}

/**
 * A chain of `moves` moves from the state's z, of which the speech variances of the last `kept` are handed on. Each frame's proposal has its own
 * spread; with `adapt` it grows after a move taken and shrinks after one refused, towards taking `acceptance` of them (Andrieu & Thoms 2008, §4).
 */
function runChain(
  { moves, kept, adapt }: { moves: number; kept: number; adapt: number },
  params: Tensors,
  state: Tensors,
  inputs: Tensors,
) {
  const { z, gain, h, w } = state as Record<'z' | 'gain' | 'h' | 'w', tf.Tensor2D>
  let spread = state['spread'] as tf.Tensor2D
  const { power, band, valid } = inputs as Record<'power' | 'band' | 'valid', tf.Tensor2D>
  const observed: Observation = { power, band, valid, floor: noiseFloor }
  // Bins that the recording lacks get no speech: their variance no longer depends on z, so they drop out of every ratio.
  const bias = tf.add(params['decoder.logPower.bias']!, tf.mul(tf.sub(tf.reshape(band, [-1]), 1), 200))
  const banded = { ...params, 'decoder.logPower.bias': bias }
  const logGain = tf.log(gain)
  const speechOf = (at: tf.Tensor2D): tf.Tensor2D => tf.exp(tf.add(decode(banded, at), logGain))
  const noise = noiseVariance(h, w, noiseFloor)
  const steps = tf.split(inputs['normal']!, moves, 0) as tf.Tensor2D[]
  const uniforms = tf.split(inputs['uniform']!, moves, 0) as tf.Tensor2D[]
  let speech = speechOf(z)
  let chain = { z, logLikelihood: logLikelihood(power, tf.add(speech, noise)) }
  const samples: tf.Tensor2D[] = []
  for (let move = 0; move < moves; move++) {
    const keeping = move >= moves - kept
    // Until the first kept sample only z is carried on; there it is decoded once.
    if (keeping && samples.length === 0) speech = speechOf(chain.z)
    const moved = metropolisMove(power, chain, noise, speechOf, tf.mul(steps[move]!, spread), uniforms[move]!)
    chain = moved
    if (adapt > 0)
      spread = tf.mul(spread, tf.exp(tf.mul(tf.sub(tf.cast(moved.accepted, 'float32'), acceptance), adapt)))
    if (!keeping) continue
    speech = tf.where(moved.accepted, moved.speech, speech) as tf.Tensor2D
    samples.push(speech)
  }
  return { observed, z: chain.z, spread, gain, h, w, noise, samples }
}

/**
 * One EM iteration: `moves` Metropolis–Hastings moves, then the multiplicative updates of w, h and g on the kept samples.
 * State z, gain, h, w; inputs as `observationShapes` and `drawShapes`. No outputs.
 */
export function iterationProgram(config: VaeConfig, settings: McemSettings, frames: number): ProgramSpec {
  const { moves, kept, adapt } = settings
  return {
    name: 'vae-nmf iteration',
    key: JSON.stringify([config, settings, frames]),
    params: decoderShapes(config),
    state: stateShapes(config, settings, frames),
    inputs: { ...observationShapes(config, frames), ...drawShapes(config, frames, moves) },
    run({ params, state, inputs }) {
      const chain = runChain({ moves, kept: Math.min(kept, moves), adapt }, params, state, inputs)
      const { observed, samples, gain, spread, z } = chain
      const newW = updateSpectra(observed, samples, chain.h, chain.w)
      const { h, w } = rescale(updateActivations(observed, samples, chain.h, newW), newW)
      const louder = gainFactor(observed, samples, noiseVariance(h, w, noiseFloor))
      return { state: { z, spread, h, w, gain: tf.clipByValue(tf.mul(gain, louder), 1e-9, 1e6) } }
    },
  }
}

/** The Wiener gain averaged over `finalMoves` further samples. State and inputs as in an iteration; out: mask [frames, bins]. */
export function posteriorProgram(config: VaeConfig, settings: McemSettings, frames: number): ProgramSpec {
  const { finalMoves } = settings
  return {
    name: 'vae-nmf posterior',
    key: JSON.stringify([config, settings, frames]),
    params: decoderShapes(config),
    state: stateShapes(config, settings, frames),
    inputs: { ...observationShapes(config, frames), ...drawShapes(config, frames, finalMoves) },
    run({ params, state, inputs }) {
      const { z, samples, noise } = runChain({ moves: finalMoves, kept: finalMoves, adapt: 0 }, params, state, inputs)
      return { state: { z }, outputs: { mask: wienerGain(samples, noise) } }
    },
  }
}
