import { mkdir } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import type { Device } from '../../compute'
import { createWav, melSpectrogram, readMono } from '../../dsp'
import type { NDArrays } from '../../lib/ndarray'
import type { VocoderModel } from './model'
import { openVocoder } from './vocoder'

/** Most seconds of a recording that a preview speaks. */
const seconds = 4
/** Held-out recordings that are previewed. */
const voices = 2

/** Audible progress of a training run. */
export interface Previewer {
  /** Writes copy syntheses of held-out recordings with `weights`, named after the step. */
  write(step: number, weights: NDArrays, recordings: readonly string[]): Promise<void>
}

/** Writes previews into `folder`, which is made with the first. */
export function previewer(
  device: Device,
  { config, frontEnd }: Pick<VocoderModel, 'config' | 'frontEnd'>,
  { folder, check }: { folder: string; check: () => void },
): Previewer {
  const { sampleRate } = frontEnd
  return {
    async write(step, weights, recordings) {
      await mkdir(folder, { recursive: true })
      const vocoder = () =>
        openVocoder(device, { config, frontEnd, weights }, { sigma: 0.6, denoise: 0, seed: 1, step: check })
      for (const file of recordings.slice(0, voices)) {
        const recording = await readMono(file, sampleRate, { maxSeconds: seconds })
        const speaking = await vocoder()
        try {
          const sound = [await speaking.push(melSpectrogram(recording, frontEnd)), await speaking.flush()]
          const name = `${String(step).padStart(7, '0')} ${basename(file, extname(file))}.wav`
          const writer = await createWav(join(folder, name), { sampleRate, channels: 1, format: 's16' })
          try {
            for (const part of sound) await writer.write([part])
            await writer.finish()
          } catch (thrown) {
            await writer.abort()
            throw thrown
          }
        } finally {
          await speaking.dispose()
        }
      }
    },
  }
}
