import { open } from 'node:fs/promises'
import { downmix, melAnalyzer, openAudio, resampler, type AudioReader } from '../../dsp'
import type { MelFrontEnd } from '../../models/waveglow/config'
import { asMel, readNpy } from '../../packs/npy'

/** Seconds of a recording that are read at once, and frames of a stored mel that are passed on at once. */
const blockSeconds = 1
const blockFrames = 128

/** A natural log-mel spectrogram that is read from front to back, and what sound is to be made of it. */
export interface MelSource {
  /** Hz and samples of that sound. */
  readonly sampleRate: number
  readonly samples: number
  /** Channels of the recording it comes from; 1 for a stored spectrogram. */
  readonly channels: number
  /** Its frames in blocks, [frames, mels]. */
  blocks(): AsyncGenerator<Float32Array>
  close(): Promise<void>
}

/**
 * Opens a recording or, told by its first bytes, a `.npy` mel. A recording's channels are averaged and brought to the model's rate before the
 * analysis; sound made of it keeps the recording's rate and length. Throws what `openAudio`, `readNpy` and `asMel` throw.
 */
export async function openMelSource(path: string, frontEnd: MelFrontEnd, check: () => void): Promise<MelSource> {
  return (await isNpy(path)) ? storedMel(path, frontEnd, check) : recordedMel(path, frontEnd, check)
}

/** Whether the file at `path` begins as NumPy's arrays do; false where it cannot be read. */
async function isNpy(path: string): Promise<boolean> {
  const handle = await open(path, 'r').catch(() => undefined)
  try {
    const head = await handle?.read(Buffer.alloc(6), 0, 6, 0)
    return head?.buffer.toString('latin1') === '\x93NUMPY'
  } catch {
    return false
  } finally {
    await handle?.close()
  }
}

async function storedMel(path: string, { sampleRate, hop, mels }: MelFrontEnd, check: () => void): Promise<MelSource> {
  const mel = asMel(await readNpy(path), mels, path)
  return {
    sampleRate,
    samples: (mel.length / mels) * hop,
    channels: 1,
    async *blocks() {
      for (let at = 0; at < mel.length; at += blockFrames * mels) {
        check()
        yield mel.subarray(at, at + blockFrames * mels)
      }
    },
    close: () => Promise.resolve(),
  }
}

async function recordedMel(path: string, frontEnd: MelFrontEnd, check: () => void): Promise<MelSource> {
  const reader: AudioReader = await openAudio(path, { check })
  const { sampleRate, frames, channels } = reader.info
  return {
    sampleRate,
    samples: frames,
    channels,
    async *blocks() {
      const toModel = resampler(sampleRate, frontEnd.sampleRate)
      const analyzer = melAnalyzer(frontEnd)
      for (;;) {
        check()
        const block = await reader.read(Math.ceil(blockSeconds * sampleRate))
        if (!block) break
        yield analyzer.push(toModel.push(downmix(block)))
      }
      yield analyzer.push(toModel.flush())
      yield analyzer.flush()
    },
    close: () => reader.close(),
  }
}
