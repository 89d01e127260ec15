import type { Device, Runner } from '../../compute'
import { joinSignals } from '../../dsp'
import { float32, type NDArray } from '../../lib/ndarray'
import { random } from '../../lib/random'
import { conversionProgram } from './inference-programs'
import type { VoiceFrontEnd } from './config'
import { inferenceWeights } from './inference-weights'
import type { VoiceModel } from './model'
import { softClamp } from './soft-clamp'

/** Samples of all frames that go through the flows together: enough for large products, few enough for the processor's caches. */
const batchSamples = 32_768
/** Peak of converted sound that is normalised. */
const peak = 0.98

export interface ConverterOptions {
  /** Who speaks and who shall, as weights of the model's voices: a single 1, or a blend. */
  from: Float32Array
  to: Float32Array
  /** Called before each batch with the samples that are finished; may throw to stop. */
  step?: ((samplesDone: number) => void) | undefined
  /** Frames that go through the flows together. */
  batch?: number
}

/** Sound that arrives in pieces, at the model's rate and level → the same in another voice. */
export interface Converter {
  /** Takes samples, returns those that are final by now. */
  push(x: Float32Array): Promise<Float32Array>
  /** Ends the sound and returns the rest: as many samples in all as were given. The converter can then take another sound. */
  flush(): Promise<Float32Array>
  /** Changes the voices from the next frame on. */
  setVoices(from: Float32Array, to: Float32Array): void
  dispose(): Promise<void>
}

/**
 * Opens Blow as a voice converter (Serrà et al., 2019, §3.4): frames that overlap by half, each encoded as `from`, decoded as `to`, bounded softly
 * and faded by a Hann window; half a frame of silence at both ends, so that nothing of the sound is faded. A model that learned under noise hears the sound
 * under such noise too, always the same, which is taken off what it makes of it.
 */
export async function openConverter(
  device: Device,
  { config, weights, frontEnd }: Pick<VoiceModel, 'config' | 'weights'> & { frontEnd: Pick<VoiceFrontEnd, 'noise'> },
  options: ConverterOptions,
): Promise<Converter> {
  const { frame } = config
  const hop = frame / 2
  const { step, batch = Math.max(1, Math.floor(batchSamples / frame)) } = options
  const runner: Runner = await device.load(conversionProgram(config), { params: inferenceWeights(config, weights) })
  const table = weights['voices']!
  let from = blended(table, options.from)
  let to = blended(table, options.to)
  const window = Float32Array.from({ length: frame }, (_, t) => 0.5 - 0.5 * Math.cos((2 * Math.PI * t) / frame))

  const noise = noiseOf(frontEnd.noise)
  /** Samples not yet in a frame, those of the frame before in front. */
  let waiting = noise.under(new Float32Array(hop))
  /** Second halves of the last frame, faded out. */
  let tail = new Float32Array(hop)
  let received = 0
  let returned = 0
  let isFirst = true

  /** Converts `count` frames from the front of what waits; returns their sound up to where no later frame adds to it. */
  const convert = async (count: number): Promise<Float32Array> => {
    step?.(returned)
    const audio = float32([count, frame])
    for (let f = 0; f < count; f++) audio.data.set(waiting.subarray(f * hop, f * hop + frame), f * frame)
    const sound = (await runner.run({ audio, from, to }))['audio']!.data as Float32Array
    softClamp(sound)
    waiting = waiting.slice(count * hop)
    const out = new Float32Array(count * hop)
    for (let f = 0; f < count; f++) {
      const fading = tail
      tail = new Float32Array(hop)
      for (let t = 0; t < hop; t++) {
        out[f * hop + t] = fading[t]! + window[t]! * sound[f * frame + t]!
        tail[t] = window[hop + t]! * sound[f * frame + hop + t]!
      }
    }
    noise.takenOff(out)
    // What the first frame alone reaches is the silence before the sound.
    const fresh = isFirst ? out.subarray(hop) : out
    isFirst = false
    const part = fresh.subarray(0, Math.max(0, received - returned))
    returned += part.length
    return part
  }
  const framesWaiting = () => Math.floor((waiting.length - hop) / hop)

  return {
    async push(x) {
      received += x.length
      waiting = joinSignals([waiting, noise.under(x)])
      const parts: Float32Array[] = []
      while (framesWaiting() >= batch) parts.push(await convert(batch))
      return joinSignals(parts)
    },
    async flush() {
      const missing = Math.max(0, Math.ceil(received / hop) * hop - received) + hop
      waiting = joinSignals([waiting, noise.under(new Float32Array(missing))])
      const parts: Float32Array[] = []
      while (returned < received) parts.push(await convert(Math.min(batch, framesWaiting())))
      noise.restart()
      waiting = noise.under(new Float32Array(hop))
      tail = new Float32Array(hop)
      ;[received, returned, isFirst] = [0, 0, true]
      return joinSignals(parts)
    },
    setVoices(nextFrom, nextTo) {
      from = blended(table, nextFrom)
      to = blended(table, nextTo)
    },
    dispose: () => runner.dispose(),
  }
}

/** Normal noise of a deviation, the same from each start: added to sound that comes in pieces, and taken off as many samples later. */
function noiseOf(deviation: number) {
  let [draws, again] = [random(0), random(0)]
  return {
    under: (x: Float32Array) => (deviation > 0 ? x.map((value) => value + deviation * draws.normal()) : x),
    takenOff(x: Float32Array): void {
      if (deviation > 0) for (let t = 0; t < x.length; t++) x[t] = x[t]! - deviation * again.normal()
    },
    restart(): void {
      ;[draws, again] = [random(0), random(0)]
    },
  }
}

/** Converts a whole sound; its mean is then taken off, and its largest sample becomes 0.98 unless `normalise` is false. */
export async function convertWhole(
  converter: Converter,
  samples: Float32Array,
  { normalise = true }: { normalise?: boolean } = {},
): Promise<Float32Array> {
  const sound = joinSignals([await converter.push(samples), await converter.flush()])
  const mean = sound.reduce((sum, x) => sum + x, 0) / Math.max(1, sound.length)
  const largest = sound.reduce((most, x) => Math.max(most, Math.abs(x - mean)), 0)
  const gain = normalise && largest > 0 ? peak / largest : 1
  return sound.map((x) => (x - mean) * gain)
}

/** The embedding [1, embedding] of a blend of voices. */
function blended({ shape, data }: NDArray, shares: Float32Array): NDArray {
  const [voices, size] = shape as [number, number]
  const result = float32([1, size])
  for (let v = 0; v < voices; v++)
    for (let i = 0; i < size; i++) result.data[i] = result.data[i]! + shares[v]! * (data[v * size + i] as number)
  return result
}
