import type { Device } from '../../compute'
import { downmix, resampler, type AudioReader } from '../../dsp'
import { openConverter } from '../../models/blow/converter'
import type { VoiceModel } from '../../models/blow/model'
import { fit } from '../fit'
import type { Survey } from './survey'

export interface StretchOptions {
  found: Survey
  /** Who speaks and who shall, as shares of the model's voices. */
  from: Float32Array
  to: Float32Array
  check(): void
  /** Called with the seconds that are converted, up to all of them. */
  converted(done: number): void
  /** Takes the converted samples in order, at the recording's rate. */
  put(x: Float32Array): Promise<void>
}

/** What conversion made of a stretch. */
export interface StretchLevel {
  mean: number
  /** Largest magnitude once the mean is taken off. */
  peak: number
}

/**
 * Converts the stretch that was surveyed: at the model's rate, its mean taken off and its peak brought to the model's, then back to the recording's
 * rate and level. As many samples as it has; their mean is whatever the model gave them.
 */
export async function convertStretch(
  reader: AudioReader,
  device: Device,
  model: VoiceModel,
  { found, from, to, check, converted, put }: StretchOptions,
): Promise<StretchLevel> {
  const { sampleRate, first, last, mean } = found
  const rate = model.frontEnd.sampleRate
  const gain = model.frontEnd.peak / found.peak
  const seconds = (last - first) / sampleRate
  const step = (samplesDone: number) => {
    check()
    converted(Math.min(seconds, samplesDone / rate))
  }
  const toModel = resampler(sampleRate, rate)
  const back = fit({ from: rate, to: sampleRate, samples: last - first })
  const [level, louder] = [(value: number) => value - mean, (value: number) => value * gain]
  let [sum, least, most] = [0, Infinity, -Infinity]
  const take = async (x: Float32Array) => {
    if (x.length === 0) return
    const restored = x.map((value) => value / gain)
    for (const value of restored) {
      sum += value
      least = Math.min(least, value)
      most = Math.max(most, value)
    }
    await put(restored)
  }
  const converter = await openConverter(device, model, { from, to, step })
  try {
    await reader.seek(first)
    for (let at = first; at < last;) {
      check()
      const block = await reader.read(Math.min(sampleRate, last - at))
      if (!block) break
      at += block[0]!.length
      const low = toModel.push(downmix(block).map(level)).map(louder)
      await take(back.push(await converter.push(low)))
    }
    await take(back.push(await converter.push(toModel.flush().map(louder))))
    await take(back.push(await converter.flush()))
    await take(back.flush())
    check()
    converted(seconds)
  } finally {
    await converter.dispose()
  }
  const average = sum / (last - first)
  return { mean: average, peak: Math.max(most - average, average - least) }
}
