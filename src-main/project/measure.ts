import type { AudioFacts, Peaks } from '@contract'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createWav, loudnessMeter, peaksBuilder, truePeakMeter, type AudioReader, type Planar } from '../dsp'
import { readWavLayout } from '../dsp/wav-header'
import { NagareError } from '../lib/errors'

const blockFrames = 65_536

/** Level of a recording: integrated loudness in LUFS (null for silence), largest magnitude, and largest between its samples too. */
export interface Level {
  loudness: number | null
  peak: number
  truePeak: number
}

export interface MeasureOptions {
  /** Also writes the samples to this WAV file (32-bit float). */
  pcmFile?: string
  signal?: AbortSignal
}

/** Throws `cancelled` once `signal` is aborted. */
export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new NagareError('cancelled', 'Stopped as asked.')
}

/** Reads a recording from where it is to its end, one block in memory. */
async function readThrough(
  reader: AudioReader,
  signal: AbortSignal | undefined,
  take: (block: Planar) => void | Promise<void>,
): Promise<void> {
  for (let block = await reader.read(blockFrames); block; block = await reader.read(blockFrames)) {
    refuseAborted(signal)
    await take(block)
  }
}

function levelMeter({ sampleRate, channels }: AudioReader['info']) {
  const loudness = loudnessMeter(sampleRate, channels)
  const truePeak = truePeakMeter(channels)
  return {
    push(block: Planar) {
      loudness.push(block)
      truePeak.push(block)
    },
    finish(): Level {
      const lufs = loudness.finish()
      return {
        loudness: Number.isFinite(lufs) ? lufs : null,
        peak: truePeak.samplePeak(),
        truePeak: truePeak.finish(),
      }
    },
  }
}

/** Reads a recording once from its start to its end; answers its level and its peaks, one block in memory. Throws what reading throws. */
export async function measure(
  reader: AudioReader,
  { pcmFile, signal }: MeasureOptions = {},
): Promise<Level & { peaks: Peaks }> {
  const { sampleRate, channels } = reader.info
  const builder = peaksBuilder(channels, sampleRate)
  const meter = levelMeter(reader.info)
  const writer = pcmFile ? await createWav(pcmFile, { sampleRate, channels, format: 'f32' }) : undefined
  try {
    await readThrough(reader, signal, (block) => {
      builder.push(block)
      meter.push(block)
      return writer?.write(block)
    })
    await writer?.finish()
  } catch (thrown) {
    await writer?.abort()
    throw thrown
  }
  return { ...meter.finish(), peaks: builder.finish() }
}

/** The peaks alone, which takes a third of the time of `measure`: a long recording is seen before its level is known. */
export async function measurePeaks(reader: AudioReader, signal?: AbortSignal): Promise<Peaks> {
  const builder = peaksBuilder(reader.info.channels, reader.info.sampleRate)
  await readThrough(reader, signal, (block) => builder.push(block))
  return builder.finish()
}

/** The level alone. */
export async function measureLevel(reader: AudioReader, signal?: AbortSignal): Promise<Level> {
  const meter = levelMeter(reader.info)
  await readThrough(reader, signal, (block) => meter.push(block))
  return meter.finish()
}

/** Where the samples lie in the WAV file at `path`; undefined when browsers cannot play it as it is (no RIFF or RF64 WAVE, 64-bit floats). */
export async function playableSamples(path: string): Promise<AudioFacts['pcm'] | undefined> {
  const handle = await open(path, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(12), 0, 12, 0)
    const [form, type] = [buffer.toString('latin1', 0, 4), buffer.toString('latin1', 8, 12)]
    if ((form !== 'RIFF' && form !== 'RF64') || type !== 'WAVE') return undefined
    const { dataOffset, encoding } = await readWavLayout(handle, (await handle.stat()).size, path, true)
    return encoding === 'f64' ? undefined : { offset: dataOffset, encoding }
  } finally {
    await handle.close()
  }
}

/** SHA-256 of a file's bytes, lowercase hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
