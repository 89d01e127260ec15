import { extname } from 'node:path'
import { createFlac, createWav, downmix, type AudioReader, type AudioWriter, type SampleFormat } from '../../dsp'
import type { StretchLevel } from './convert-stretch'
import type { Spool } from './spool'
import type { Survey } from './survey'

/** Peak of a result that is normalised. */
const fullLevel = 0.98
/** Seconds over which a converted stretch is faded into what lies around it. */
const fade = 0.02

export interface WriteOptions {
  found: Survey
  /** The converted stretch, and its level. */
  spool: Spool
  level: StretchLevel
  normalize: boolean
  format: SampleFormat | undefined
  check(): void
  /** Called with the share of the file that is written. */
  written(share: number): void
}

/**
 * Writes the converted recording: one without offset, at full level where that is asked for; or a stretch with the recording's own offset and level,
 * and around it the recording as it was. The file appears when it is complete. Throws `disk-full`, `no-permission` …, leaving nothing behind.
 */
export async function writeConverted(
  file: string,
  reader: AudioReader,
  { found, spool, level, normalize, format, check, written }: WriteOptions,
): Promise<void> {
  const { sampleRate, frames, first, last, mean } = found
  const isWhole = first === 0 && last === frames
  const gain = isWhole && normalize && level.peak > 0 ? fullLevel / level.peak : 1
  const offset = isWhole ? 0 : mean
  const width = Math.max(1, Math.min(Math.round(fade * sampleRate), Math.floor((last - first) / 2)))
  const writer = await startWriter(file, sampleRate, format)
  try {
    if (!isWhole) await reader.seek(0)
    for (let at = 0; at < frames;) {
      check()
      const isInside = at >= first && at < last
      const edge = at < first ? first : isInside ? last : frames
      const count = Math.min(sampleRate, edge - at)
      const block = isWhole ? null : await reader.read(count)
      if (!isWhole && !block) break
      const original = block && downmix(block)
      const wanted = original?.length ?? count
      if (!isInside) await writer.write([original!])
      else {
        const sound = (await spool.read(wanted)).map((value) => (value - level.mean) * gain + offset)
        if (original) crossfade(sound, original, { at, first, last, frames, width })
        await writer.write([sound])
      }
      at += wanted
      written(at / frames)
    }
    check()
    await writer.finish()
  } catch (thrown) {
    await writer.abort()
    throw thrown
  }
}

/** Mixes `converted`, which starts at sample `at`, with the recording over `width` samples at each of its ends that are not the recording's own. */
function crossfade(
  converted: Float32Array,
  original: Float32Array,
  { at, first, last, frames, width }: { at: number; first: number; last: number; frames: number; width: number },
): void {
  for (let i = 0; i < converted.length; i++) {
    const begun = first === 0 ? Infinity : at + i - first
    const left = last === frames ? Infinity : last - 1 - at - i
    const share = Math.min(1, (Math.min(begun, left) + 0.5) / width)
    converted[i] = share * converted[i]! + (1 - share) * original[i]!
  }
}

function startWriter(file: string, sampleRate: number, format: SampleFormat | undefined): Promise<AudioWriter> {
  if (extname(file).toLowerCase() === '.flac')
    return createFlac(file, { sampleRate, channels: 1, bits: format === 's16' ? 16 : 24 })
  return createWav(file, { sampleRate, channels: 1, format: format ?? 'f32', dither: format === 's16' })
}
