import type { Device } from '../../compute'
import { joinSpectra, power, stftAnalyzer, stftSynthesizer, type Planar, type Spectrum } from '../../dsp'
import { random } from '../../lib/random'
import type { McemSettings } from './config'
import type { SpeechModel } from './model'
import { openSeparator, type Separator } from './separator'

/** Mean frame energy (|X|² summed over bins, samples ±1) at and below which a window counts as silent. */
const silence = 1e-9
/** Short recordings are padded to a multiple of this many frames, so that few lengths are compiled. */
const granule = 64

/** Samples of clean speech that are final by now, and the share of speech at the top of the band in every frame they came from. */
export interface Enhanced {
  clean: Planar
  topShare: Float32Array
}

/** A recording on its way through VAE-NMF; memory is one window, whatever its length. */
export interface Enhancer {
  /** Takes the next samples at the model's rate, one array per channel. */
  push(block: Planar): Promise<Enhanced>
  flush(): Promise<Enhanced>
  dispose(): Promise<void>
}

/** Frames of all channels that wait for their mask; `power` is the channels' mean. */
interface Pending {
  spectra: Spectrum[]
  power: Float32Array
  frames: number
}

/**
 * Opens streaming speech enhancement: windows of `settings.window` frames, each with noise spectra of its own, their masks cross-faded over
 * `settings.overlap` frames, one mask for all channels. `step` tells how many frames are finished, parts of one included, and may throw to stop.
 */
export function openEnhancer(
  device: Device,
  model: SpeechModel,
  settings: McemSettings,
  { channels, seed, step }: { channels: number; seed: number; step: (framesDone: number) => void },
): Enhancer {
  const { frontEnd } = model
  const { bins } = model.config
  const { window, iterations } = settings
  const overlap = Math.min(settings.overlap, Math.floor(window / 2))
  const analyzers = Array.from({ length: channels }, () => stftAnalyzer(frontEnd))
  const synthesizers = Array.from({ length: channels }, () => stftSynthesizer(frontEnd))
  const draws = random(seed)
  let separator: Separator | undefined
  let pending: Pending = { spectra: analyzers.map(() => emptySpectrum(bins)), power: new Float32Array(0), frames: 0 }
  let tail: Float32Array | undefined
  /** Power of the frames before the pending ones, so that the last window can look back. */
  let past = new Float32Array(0)
  let samples = 0
  let framesDone = 0

  /** `fresh` of the `count` frames are new; the rest only gives context. */
  const maskOf = async (
    observed: Float32Array,
    count: number,
    fresh: number,
    compiled: number,
  ): Promise<Float32Array> => {
    const energy = observed.reduce((sum, value) => sum + value, 0) / count
    if (!(energy > silence)) return new Float32Array(count * bins).fill(1)
    separator ??= await openSeparator(device, model, settings, compiled)
    return separator.separate(observed, count, {
      iterations,
      random: draws,
      step: (iteration) => step(framesDone + (fresh * iteration) / iterations),
    })
  }

  /** Applies `mask` to the first `count` pending frames and synthesises them. */
  const release = (mask: Float32Array, count: number): Enhanced => {
    const { spectra: waiting } = pending
    const clean = waiting.map((spectrum, channel) => {
      const head = slice(spectrum, 0, count)
      for (let i = 0; i < head.re.length; i++) {
        head.re[i] = head.re[i]! * mask[i]!
        head.im[i] = head.im[i]! * mask[i]!
      }
      return synthesizers[channel]!.push(head)
    })
    const topShare = topBand(mask, count, bins)
    past = lastFrames(join(past, pending.power.subarray(0, count * bins)), window, bins)
    pending = {
      spectra: waiting.map((spectrum) => slice(spectrum, count, spectrum.frames)),
      power: pending.power.slice(count * bins),
      frames: pending.frames - count,
    }
    framesDone += count
    step(framesDone)
    return { clean, topShare }
  }

  const add = (fresh: Spectrum[]) => {
    const powers = fresh.map(power)
    const mean = powers[0]!.slice()
    for (const other of powers.slice(1)) for (let i = 0; i < mean.length; i++) mean[i] = mean[i]! + other[i]!
    if (channels > 1) for (let i = 0; i < mean.length; i++) mean[i] = mean[i]! / channels
    pending = {
      spectra: pending.spectra.map((spectrum, channel) => joinSpectra(spectrum, fresh[channel]!)),
      power: join(pending.power, mean),
      frames: pending.frames + fresh[0]!.frames,
    }
  }

  const fade = (mask: Float32Array) => {
    if (!tail) return
    for (let t = 0; t < overlap; t++) {
      const share = (t + 1) / (overlap + 1)
      for (let i = t * bins; i < (t + 1) * bins; i++) mask[i] = share * mask[i]! + (1 - share) * tail[i]!
    }
  }

  return {
    async push(block) {
      samples += block[0]!.length
      add(analyzers.map((analyzer, channel) => analyzer.push(block[channel]!)))
      const parts: Enhanced[] = []
      while (pending.frames >= window) {
        const mask = await maskOf(pending.power.subarray(0, window * bins), window, window - overlap, window)
        fade(mask)
        const ready = window - overlap
        const next = mask.slice(ready * bins)
        parts.push(release(mask, ready))
        tail = next
      }
      return joined(parts, channels)
    },
    async flush() {
      add(analyzers.map((analyzer) => analyzer.flush()))
      const parts: Enhanced[] = []
      if (pending.frames > 0 && tail && pending.frames <= overlap) parts.push(release(tail, pending.frames))
      else if (pending.frames > 0) {
        const context = Math.min(past.length / bins, window - pending.frames)
        const observed = join(lastFrames(past, context, bins), pending.power)
        const count = context + pending.frames
        const compiled = separator?.frames ?? Math.min(window, Math.ceil(count / granule) * granule)
        const mask = (await maskOf(observed, count, pending.frames, compiled)).slice(context * bins)
        fade(mask)
        parts.push(release(mask, pending.frames))
      }
      const rest = synthesizers.map((synthesizer) => synthesizer.flush(samples))
      return joined([...parts, { clean: rest, topShare: new Float32Array(0) }], channels)
    },
    async dispose() {
      await separator?.dispose()
    },
  }
}

/** Mean of the mask over the top quarter of the band, per frame. */
function topBand(mask: Float32Array, frames: number, bins: number): Float32Array {
  const from = (3 * bins) >> 2
  return Float32Array.from({ length: frames }, (_, t) => {
    let sum = 0
    for (let f = from; f < bins; f++) sum += mask[t * bins + f]!
    return sum / (bins - from)
  })
}

const emptySpectrum = (bins: number): Spectrum => ({
  re: new Float32Array(0),
  im: new Float32Array(0),
  frames: 0,
  bins,
})

function join(a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}

const slice = (s: Spectrum, from: number, to: number): Spectrum => ({
  re: s.re.slice(from * s.bins, to * s.bins),
  im: s.im.slice(from * s.bins, to * s.bins),
  frames: to - from,
  bins: s.bins,
})

const lastFrames = (x: Float32Array, frames: number, bins: number): Float32Array<ArrayBuffer> =>
  x.slice(Math.max(0, x.length - frames * bins))

function joined(parts: readonly Enhanced[], channels: number): Enhanced {
  return {
    clean: Array.from({ length: channels }, (_, channel) =>
      parts.map((part) => part.clean[channel]!).reduce(join, new Float32Array(0)),
    ),
    topShare: parts.map((part) => part.topShare).reduce(join, new Float32Array(0)),
  }
}
