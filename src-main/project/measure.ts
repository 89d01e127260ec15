import type { AudioFacts } from '@contract'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createWav, encodePeaks, loudnessMeter, peaksBuilder, truePeakMeter, type AudioReader } from '../dsp'
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

/** Reads a recording once from its start to its end; answers its level and its peaks file, one block in memory. Throws what reading throws. */
export async function measure(
  reader: AudioReader,
  { pcmFile, signal }: MeasureOptions = {},
): Promise<Level & { peaks: Uint8Array }> {
  const { sampleRate, channels } = reader.info
  const builder = peaksBuilder(channels, sampleRate)
  const meter = loudnessMeter(sampleRate, channels)
  const writer = pcmFile ? await createWav(pcmFile, { sampleRate, channels, format: 'f32' }) : undefined
  const truePeaks = truePeakMeter(channels)
  try {
    for (let block = await reader.read(blockFrames); block; block = await reader.read(blockFrames)) {
      refuseAborted(signal)
      builder.push(block)
      meter.push(block)
      truePeaks.push(block)
      await writer?.write(block)
    }
    await writer?.finish()
  } catch (thrown) {
    await writer?.abort()
    throw thrown
  }
  const loudness = meter.finish()
  return {
    loudness: Number.isFinite(loudness) ? loudness : null,
    peak: builder.peak(),
    truePeak: truePeaks.finish(),
    peaks: encodePeaks(builder.finish()),
  }
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
