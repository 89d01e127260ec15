import { downmix, resampler, type AudioReader } from '../../dsp'
import { NagareError } from '../../lib/errors'
import { frameSample } from './frame-sample'

/** Samples of a source at or above this are taken for clipped. */
const clippedFrom = 0.999
/** Deviation from its mean below which a frame is silence. */
const silence = 1e-4

/** What has to be known of a recording before it is converted. */
export interface Survey {
  sampleRate: number
  channels: number
  /** Samples of the stretch that is converted, at the recording's rate. */
  first: number
  last: number
  /** Samples of the whole recording. */
  frames: number
  /** Mean of the stretch, and its largest sample at the model's rate once that is taken off. */
  mean: number
  peak: number
  /** Share of samples at full scale, in the stretch and the channel that has most of them. */
  clipped: number
  /** Some of its frames at the model's rate, loud ones, the mean taken off. */
  voiced: Float32Array[]
}

export interface SurveyOptions {
  /** The recording's name in errors. */
  path: string
  /** Rate (Hz) and frame (samples) of the model. */
  rate: number
  frame: number
  check(): void
  /** Called with the seconds that were read, and those there are. */
  read(done: number, total: number): void
}

/**
 * Reads the stretch from `start` to `end` (s; null for the recording's own ends) once. Throws `bad-input` for a stretch outside the recording, and
 * for silence; a constant offset is silence.
 */
export async function survey(
  reader: AudioReader,
  { start, end }: { start: number | null; end: number | null },
  { path, rate, frame, check, read }: SurveyOptions,
): Promise<Survey> {
  const { sampleRate, channels, frames } = reader.info
  const first = Math.round((start ?? 0) * sampleRate)
  const last = Math.min(frames, end === null ? frames : Math.round(end * sampleRate))
  if (first >= last)
    throw new NagareError(
      'bad-input',
      `There is nothing between ${start ?? 0} s and ${end ?? frames / sampleRate} s of ${path}: it is ${(frames / sampleRate).toFixed(2)} s long.`,
      { file: path, hint: 'Choose another stretch.' },
    )
  const toModel = resampler(sampleRate, rate)
  const sample = frameSample(frame)
  const clipped = new Array<number>(channels).fill(0)
  /** A first estimate of the mean, taken off before the rate changes: the filter would make a click of where an offset starts. */
  let base: number | undefined
  let [sum, count, least, most] = [0, 0, Infinity, -Infinity]
  const look = (x: Float32Array) => {
    for (const value of x) {
      least = Math.min(least, value)
      most = Math.max(most, value)
    }
    sample.add(x)
  }
  await reader.seek(first)
  for (let at = first; at < last;) {
    check()
    const block = await reader.read(Math.min(sampleRate, last - at))
    if (!block) break
    for (const [c, x] of block.entries()) for (const value of x) if (Math.abs(value) >= clippedFrom) clipped[c]!++
    const mono = downmix(block)
    const offset = (base ??= mono.reduce((total, value) => total + value, 0) / mono.length)
    const level = mono.map((value) => value - offset)
    for (const value of level) sum += value
    count += level.length
    look(toModel.push(level))
    at += level.length
    read((at - first) / sampleRate, (last - first) / sampleRate)
  }
  look(toModel.flush())
  const rest = sum / Math.max(1, count)
  const peak = Math.max(most - rest, rest - least)
  const { loudest, frames: voiced } = sample.end()
  if (!(loudest >= silence) || !(peak > 0))
    throw new NagareError('bad-input', `${path} is silent there; there is no voice to convert.`, {
      file: path,
      hint: 'Choose a recording or a stretch in which somebody speaks.',
    })
  return {
    ...{ sampleRate, channels, frames, first, last, mean: (base ?? 0) + rest, peak },
    clipped: Math.max(...clipped) / Math.max(1, count),
    voiced: voiced.map((x) => x.map((value) => value - rest)),
  }
}
