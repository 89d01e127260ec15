import type { Device } from '../../compute'
import { joinSignals } from '../../dsp'
import { random } from '../../lib/random'
import { stepsPerFrame } from './config'
import { biasSpectrum, openDenoiser } from './denoiser'
import { framesSeen } from './inference-weights'
import { blankFrame, type VocoderModel } from './model'
import { openSynthesis, type Synthesis } from './synthesis'

export type { VocoderModel } from './model'

/** Frames that go through all flows together: memory is proportional to it, the overlap's cost to its inverse. */
const defaultBlock = 8192
/** Frames whose noise is drawn from one seed. */
const noisePage = 64
/** Frames of silence-like input from which the network's hum is measured. */
const humFrames = 88

export interface VocoderOptions {
  /** Standard deviation of the noise that sound is made from; lower is smoother and duller. */
  sigma: number
  /** Share of the network's hum that is taken away; 0 leaves the sound as it is. */
  denoise: number
  seed: number
  /** Told how many frames are finished, parts of one included; may throw to stop. */
  step?: ((framesDone: number) => void) | undefined
  /** Frames that go through all flows together (default 8192). */
  block?: number
}

/** Mel frames that arrive in pieces → sound. The same seed makes the same sound, however the frames arrive. */
export interface Vocoder {
  /** Takes log-mel frames [frames, mels]; returns the samples that are final by now. */
  push(mel: Float32Array): Promise<Float32Array>
  /** Ends the mel spectrogram and returns the rest: frames · hop samples in all. */
  flush(): Promise<Float32Array>
  dispose(): Promise<void>
}

/** Opens WaveGlow as a vocoder on a device (Prenger et al., 2019, §2.4); memory is one block of frames, whatever the length. */
export async function openVocoder(device: Device, model: VocoderModel, options: VocoderOptions): Promise<Vocoder> {
  const { config, frontEnd, weights } = model
  const { mels, hop } = config
  const { sigma, denoise, seed, step, block = defaultBlock } = options
  const synthesis = await openSynthesis(device, config, weights)
  const denoiser =
    denoise > 0
      ? openDenoiser({
          bias: await hum(synthesis, model, step),
          strength: denoise,
          fft: frontEnd.fft,
          hop: frontEnd.hop,
        })
      : undefined
  const { before, after } = framesSeen(config)
  const blank = blankFrame(model)
  /** Log-mel frames from frame `base` on. */
  let kept = new Float32Array(0)
  let base = 0
  let received = 0
  let done = 0

  /** Log-mel frames `from` to `to`; what lies outside the spectrogram is blank. */
  const frames = (from: number, to: number): Float32Array => {
    const out = new Float32Array((to - from) * mels)
    for (let f = from; f < to; f++) {
      const at = (f - base) * mels
      if (f < 0 || f >= received) out.fill(blank, (f - from) * mels, (f - from + 1) * mels)
      else out.set(kept.subarray(at, at + mels), (f - from) * mels)
    }
    return out
  }

  /** The sound of frames `done` to `to`. */
  const render = async (to: number): Promise<Float32Array> => {
    const first = Math.max(0, done - synthesis.halo)
    const last = Math.min(received, to + synthesis.halo)
    const from = done
    const sound = await synthesis.run(
      noise(config, sigma, seed, first, last),
      frames(first - before, last + after),
      last - first,
      (share) => step?.(from + share * (to - from)),
    )
    done = to
    const oldest = Math.max(base, done - synthesis.halo - before)
    kept = kept.slice((oldest - base) * mels)
    base = oldest
    const fresh = sound.subarray((from - first) * hop, (to - first) * hop)
    return denoiser ? denoiser.push(fresh) : fresh
  }

  return {
    async push(mel) {
      kept = joinSignals([kept, mel])
      received += mel.length / mels
      const parts: Float32Array[] = []
      while (received - done >= block + synthesis.halo + after) parts.push(await render(done + block))
      return joinSignals(parts)
    },
    async flush() {
      const parts: Float32Array[] = []
      while (done < received) parts.push(await render(Math.min(received, done + block)))
      if (denoiser) parts.push(denoiser.flush())
      return joinSignals(parts)
    },
    dispose: () => synthesis.dispose(),
  }
}

/** What the network makes of nothing: the magnitudes of its sound for a spectrogram of zeros, without noise. */
async function hum(
  synthesis: Synthesis,
  model: VocoderModel,
  step?: (framesDone: number) => void,
): Promise<Float32Array> {
  const { config, frontEnd } = model
  const { before, after } = framesSeen(config)
  const silent = Array.from({ length: config.group }, () => new Float32Array(humFrames * stepsPerFrame(config)))
  const mel = new Float32Array((before + humFrames + after) * config.mels)
  const sound = await synthesis.run(silent, mel, humFrames, () => step?.(0))
  return biasSpectrum(sound, frontEnd)
}

/** Normal noise of the steps of frames `first` to `last`, `group` rows; each frame's is the same in whatever pieces it is asked for. */
function noise(
  config: VocoderModel['config'],
  sigma: number,
  seed: number,
  first: number,
  last: number,
): Float32Array[] {
  const steps = stepsPerFrame(config)
  const rows = Array.from({ length: config.group }, () => new Float32Array((last - first) * steps))
  for (let page = Math.floor(first / noisePage); page * noisePage < last; page++) {
    const drawn = random((seed + Math.imul(page, 0x9e3779b1)) >>> 0).fillNormal(
      new Float32Array(config.group * noisePage * steps),
      sigma,
    )
    const [from, to] = [Math.max(first, page * noisePage), Math.min(last, (page + 1) * noisePage)]
    for (const [c, row] of rows.entries()) {
      const start = (c * noisePage + from - page * noisePage) * steps
      row.set(drawn.subarray(start, start + (to - from) * steps), (from - first) * steps)
    }
  }
  return rows
}
