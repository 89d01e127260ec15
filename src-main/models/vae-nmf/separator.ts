import type { Device, Runner } from '../../compute'
import { float32, type NDArrays } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import type { FrontEnd, McemSettings, VaeConfig } from './config'
import { normalise } from './network'
import { iterationProgram, noiseFloor, posteriorProgram, startProgram } from './programs'

/** Share of a window's mean frame energy under which a bin counts as missing from the recording. */
export const emptyBin = 2e-9
/** Energy of a frame, relative to the window's mean, under which it counts as digital silence. */
const silentFrame = 2e-6

/** Splits windows of one length into speech and noise on one device. */
export interface Separator {
  readonly frames: number
  /**
   * The share of speech in every bin, 0 to 1, [count, bins], after `iterations` of EM on `power` [count, bins], count ≤ frames.
   * `step` is called after each; it may throw to stop.
   */
  separate(
    power: Float32Array,
    count: number,
    options: { iterations: number; random: Random; step: (iteration: number) => void },
  ): Promise<Float32Array>
  dispose(): Promise<void>
}

/** Compiles Monte-Carlo EM for windows of `frames` frames. */
export async function openSeparator(
  device: Device,
  model: { config: VaeConfig; frontEnd: FrontEnd; weights: NDArrays },
  settings: McemSettings,
  frames: number,
): Promise<Separator> {
  const { config, frontEnd, weights } = model
  const { bins, latent } = config
  const { components, moves, finalMoves, proposal } = settings
  const specs = [
    startProgram(config, frontEnd, frames),
    iterationProgram(config, settings, frames),
    posteriorProgram(config, settings, frames),
  ]
  const blank = {
    z: float32([frames, latent]),
    gain: float32([frames, 1], new Float32Array(frames).fill(1)),
    spread: float32([frames, 1], new Float32Array(frames).fill(proposal)),
    h: float32([frames, components]),
    w: float32([components, bins]),
  }
  const runners: Runner[] = []
  for (const spec of specs) {
    const params = Object.fromEntries(Object.keys(spec.params!).map((name) => [name, weights[name]!]))
    runners.push(await device.load(spec, { params, ...(spec.state ? { state: blank } : {}) }))
  }
  const [start, iteration, posterior] = runners as [Runner, Runner, Runner]
  const draws = (count: number, random: Random) => ({
    normal: float32([count * frames, latent], random.fillNormal(new Float32Array(count * frames * latent))),
    uniform: float32([count * frames, 1], random.fillUniform(new Float32Array(count * frames))),
  })

  return {
    frames,
    async separate(power, count, { iterations, random, step }) {
      const { scaled } = normalise(power.subarray(0, count * bins), count, noiseFloor)
      const padded = new Float32Array(frames * bins).fill(noiseFloor)
      padded.set(scaled)
      const observed = {
        power: float32([frames, bins], padded),
        band: float32([bins, 1], bandOf(scaled, count, bins)),
        valid: float32([frames, 1], soundingFrames(scaled, count, bins, frames)),
      }
      const { z } = await start.run(observed)
      const noise = initialNoise(frames, components, bins, random)
      await iteration.setState({ ...noise, z: z!, gain: blank.gain, spread: blank.spread })
      for (let i = 0; i < iterations; i++) {
        await iteration.run({ ...observed, ...draws(moves, random) })
        step(i + 1)
      }
      await posterior.setState(await iteration.state())
      const { mask } = await posterior.run({ ...observed, ...draws(finalMoves, random) })
      return (mask!.data as Float32Array).subarray(0, count * bins)
    },
    async dispose() {
      for (const runner of runners) await runner.dispose()
    },
  }
}

/** 1 for bins that carry anything in this window, 0 for bins above the recording's band. */
function bandOf(scaled: Float32Array, count: number, bins: number): Float32Array {
  const band = new Float32Array(bins)
  for (let t = 0; t < count; t++) for (let f = 0; f < bins; f++) band[f] = band[f]! + scaled[t * bins + f]!
  return band.map((sum) => (sum / Math.max(1, count) > emptyBin ? 1 : 0))
}

/** 1 for frames that sound, 0 for digital silence and padding: the spectra of noise are not to be learned from nothing. */
function soundingFrames(scaled: Float32Array, count: number, bins: number, frames: number): Float32Array {
  const valid = new Float32Array(frames)
  for (let t = 0; t < count; t++) {
    let energy = 0
    for (let f = 0; f < bins; f++) energy += scaled[t * bins + f]!
    valid[t] = energy > silentFrame ? 1 : 0
  }
  return valid
}

/**
 * Random spectra around white noise whose energy is the window's: at first noise explains everything, and speech has to earn its share.
 * Nothing is carried over from the window before: spectra that have seen speech once keep taking it.
 */
function initialNoise(frames: number, components: number, bins: number, random: Random): NDArrays {
  const uniform = (shape: [number, number]) => {
    const array = float32(shape)
    random.fillUniform(array.data)
    for (let i = 0; i < array.data.length; i++) array.data[i] = 0.1 + 0.9 * array.data[i]!
    return array
  }
  const w = uniform([components, bins])
  for (let k = 0; k < components; k++) {
    const row = w.data.subarray(k * bins, (k + 1) * bins)
    const sum = row.reduce((total, value) => total + value, 0)
    for (let f = 0; f < bins; f++) row[f] = row[f]! / sum
  }
  const h = uniform([frames, components])
  for (let i = 0; i < h.data.length; i++) h.data[i] = h.data[i]! / (components * 0.55)
  return { w, h }
}
