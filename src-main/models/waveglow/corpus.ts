import { melSpectrogram } from '../../dsp'
import { asNagareError, NagareError } from '../../lib/errors'
import { float32, type NDArrays } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import { openSoundStore, type SoundStore, type Stored } from '../sound-store'
import type { MelFrontEnd, WaveGlowConfig } from './config'

/** Recordings as one channel at the model's rate, 16 bits, on disk: crops of any of them cost one short read. */
export interface Corpus {
  /** Seconds of all recordings. */
  readonly seconds: number
  /** `batch` random crops with their mel spectrograms: an equal share of draws to each folder, within it by length. */
  draw(batch: number, random: Random): Promise<NDArrays>
  close(): Promise<void>
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
  const store = await openSoundStore(scratch, frontEnd.sampleRate)
  try {
    const kept: Stored[][] = []
    for (const paths of folders) {
      const recordings: Stored[] = []
      for (const path of paths) {
        read(path)
        const stored = await store.append(path)
        if (stored.samples > 0) recordings.push(stored)
      }
      if (recordings.length > 0) kept.push(recordings)
    }
    if (kept.length === 0) throw new NagareError('bad-input', 'The recordings hold no sound.')
    return {
      seconds: store.samples / frontEnd.sampleRate,
      draw: (batch, random) => draw(store, kept, frontEnd, crop, batch, random),
      close: () => store.close(),
    }
  } catch (thrown) {
    await store.close()
    throw asNagareError(thrown)
  }
}

async function draw(
  store: SoundStore,
  folders: readonly (readonly Stored[])[],
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
    const around = await store.read(recording, from, (frames + 2 * margin - 1) * hop + segment)
    audio.data.set(around.subarray(start - from, start - from + segment), b * segment)
    const spectrogram = melSpectrogram(around, frontEnd)
    for (let t = 0; t < frames; t++)
      for (let m = 0; m < mels; m++) mel.data[(b * mels + m) * frames + t] = spectrogram[(t + margin) * mels + m]!
  }
  return { audio, mel }
}

/** A recording, drawn with a chance proportional to its length. */
function byLength(recordings: readonly Stored[], random: Random): Stored {
  const total = recordings.reduce((sum, { samples }) => sum + samples, 0)
  let at = random.uniform() * total
  for (const recording of recordings) {
    at -= recording.samples
    if (at < 0) return recording
  }
  return recordings.at(-1)!
}
