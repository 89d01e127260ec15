import { open, rm, type FileHandle } from 'node:fs/promises'
import { downmix, melSpectrogram, openAudio, resampler } from '../../dsp'
import { asNagareError, NagareError } from '../../lib/errors'
import { float32, type NDArrays } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import type { MelFrontEnd, WaveGlowConfig } from './config'

/** Samples read from a recording at a time. */
const blockSamples = 1 << 16

/** Recordings as one channel at the model's rate, 16 bits, on disk: crops of any of them cost one short read. */
export interface Corpus {
  /** Seconds of all recordings. */
  readonly seconds: number
  /** `batch` random crops with their mel spectrograms: an equal share of draws to each folder, within it by length. */
  draw(batch: number, random: Random): Promise<NDArrays>
  close(): Promise<void>
}

interface Recording {
  start: number
  samples: number
}

/** What a crop holds: its samples, and the frames of mel that the network's conditioning wants for them. */
export interface CropShape {
  segment: number
  frames: number
  /** Frames before the crop's first. */
  lead: number
}

/** The crop of `segment` samples for a network. */
export function cropShape({ hop, conditioning }: WaveGlowConfig, segment: number): CropShape {
  const frames = Math.ceil(segment / hop)
  const lead = conditioning.kind === 'frames' ? (conditioning.kernel - 1) / 2 : 0
  return { segment, frames: frames + 2 * lead, lead }
}

/**
 * Reads the recordings of every folder into a scratch file at `scratch`, which `close` removes. Throws what `openAudio` throws, `bad-input` where all are empty.
 */
export async function openCorpus(
  folders: readonly (readonly string[])[],
  frontEnd: MelFrontEnd,
  crop: CropShape,
  { scratch, read }: { scratch: string; read: (file: string) => void },
): Promise<Corpus> {
  const file = await open(scratch, 'w+').catch((thrown: unknown) => {
    throw asNagareError(thrown, scratch)
  })
  const close = async () => {
    await file.close()
    await rm(scratch, { force: true })
  }
  try {
    const kept: Recording[][] = []
    let end = 0
    for (const paths of folders) {
      const recordings: Recording[] = []
      for (const path of paths) {
        read(path)
        const samples = await append(file, end, path, frontEnd.sampleRate)
        if (samples > 0) recordings.push({ start: end, samples })
        end += samples
      }
      if (recordings.length > 0) kept.push(recordings)
    }
    if (kept.length === 0) throw new NagareError('bad-input', 'The recordings hold no sound.')
    return {
      seconds: end / frontEnd.sampleRate,
      draw: (batch, random) => draw(file, kept, frontEnd, crop, batch, random),
      close,
    }
  } catch (thrown) {
    await close()
    throw asNagareError(thrown)
  }
}

/** Writes one recording behind what is there; returns its number of samples. */
async function append(file: FileHandle, at: number, path: string, rate: number): Promise<number> {
  const reader = await openAudio(path)
  try {
    const converter = resampler(reader.info.sampleRate, rate)
    let samples = 0
    const write = async (x: Float32Array) => {
      const whole = Int16Array.from(x, (value) => Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768))))
      await file.write(new Uint8Array(whole.buffer), 0, whole.byteLength, 2 * (at + samples))
      samples += whole.length
    }
    for (;;) {
      const block = await reader.read(blockSamples)
      if (!block) break
      await write(converter.push(downmix(block)))
    }
    await write(converter.flush())
    return samples
  } finally {
    await reader.close()
  }
}

async function draw(
  file: FileHandle,
  folders: readonly (readonly Recording[])[],
  frontEnd: MelFrontEnd,
  { segment, frames, lead }: CropShape,
  batch: number,
  random: Random,
): Promise<NDArrays> {
  const { hop, fft, mels } = frontEnd
  const audio = float32([batch, segment])
  const mel = float32([batch, mels, frames])
  /** Frames at either side that only complete the first and last window. */
  const margin = Math.ceil(fft / 2 / hop)
  for (let b = 0; b < batch; b++) {
    const recording = byLength(folders[random.integer(folders.length)]!, random)
    const starts = Math.max(1, Math.floor((recording.samples - segment) / hop) + 1)
    const start = hop * random.integer(starts)
    const from = start - (lead + margin) * hop
    const around = await samples(file, recording, from, (frames + 2 * margin - 1) * hop + segment)
    audio.data.set(around.subarray(start - from, start - from + segment), b * segment)
    const spectrogram = melSpectrogram(around, frontEnd)
    for (let t = 0; t < frames; t++)
      for (let m = 0; m < mels; m++) mel.data[(b * mels + m) * frames + t] = spectrogram[(t + margin) * mels + m]!
  }
  return { audio, mel }
}

/** A recording, drawn with a chance proportional to its length. */
function byLength(recordings: readonly Recording[], random: Random): Recording {
  const total = recordings.reduce((sum, { samples }) => sum + samples, 0)
  let at = random.uniform() * total
  for (const recording of recordings) {
    at -= recording.samples
    if (at < 0) return recording
  }
  return recordings.at(-1)!
}

/** `count` samples from `from` of a recording, silence beyond its ends. */
async function samples(
  file: FileHandle,
  recording: Recording,
  from: number,
  count: number,
): Promise<Float32Array<ArrayBuffer>> {
  const out = new Float32Array(count)
  const first = Math.max(0, from)
  const last = Math.min(recording.samples, from + count)
  if (last <= first) return out
  const bytes = new Int16Array(last - first)
  await file.read(new Uint8Array(bytes.buffer), 0, bytes.byteLength, 2 * (recording.start + first))
  for (let i = 0; i < bytes.length; i++) out[first - from + i] = bytes[i]! / 32_768
  return out
}
