import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Device } from '../../compute'
import { createWav, readMono } from '../../dsp'
import { stem } from '../../lib/names'
import type { NDArrays } from '../../lib/ndarray'
import { safeFileName } from '../../lib/safe-file-name'
import { scaleToPeak } from './augment'
import { convertWhole, openConverter } from './converter'
import type { VoiceModel } from './model'
import type { Utterance } from './speakers'
import { oneVoice } from './voices'

/** Most seconds of a recording that a preview converts, and held-out recordings that are previewed. */
const seconds = 4
const count = 3

/** Audible progress of a training run. */
export interface Previewer {
  /** Writes conversions of held-out recordings with `weights`, named after the step and the voices. */
  write(step: number, weights: NDArrays, utterances: readonly Utterance[]): Promise<void>
}

/** Writes previews into `folder`, which is made with the first: each speaker's utterance in the voice of the next. */
export function previewer(
  device: Device,
  { config, frontEnd, voices: { voices } }: Omit<VoiceModel, 'weights'>,
  { folder, check }: { folder: string; check: () => void },
): Previewer {
  const { sampleRate, peak } = frontEnd
  const only = (number: number) => oneVoice(voices.length, number)
  return {
    async write(step, weights, utterances) {
      await mkdir(folder, { recursive: true })
      const firsts = voices.flatMap(({ name }) => utterances.find(({ speaker }) => speaker === name) ?? [])
      for (const { file, speaker } of firsts.slice(0, count)) {
        const from = voices.findIndex(({ name }) => name === speaker)
        const to = (from + 1) % voices.length
        const recording = await readMono(file, sampleRate, { maxSeconds: seconds })
        scaleToPeak(recording, peak)
        const converter = await openConverter(
          device,
          { config, weights, frontEnd },
          { from: only(from), to: only(to), step: check },
        )
        const sound = await convertWhole(converter, recording).finally(() => converter.dispose())
        const name = safeFileName(`${String(step).padStart(7, '0')} ${stem(file)} as ${voices[to]!.name}.wav`)
        const writer = await createWav(join(folder, name), { sampleRate, channels: 1, format: 's16' })
        try {
          await writer.write([sound])
          await writer.finish()
        } catch (thrown) {
          await writer.abort()
          throw thrown
        }
      }
    },
  }
}
