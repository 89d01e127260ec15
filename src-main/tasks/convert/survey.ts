import { downmix, openAudio, resampler } from '../../dsp'
import { NagareError } from '../../lib/errors'

/** Samples of a source at or above this are taken for clipped. */
const clippedFrom = 0.999
/** Root mean square below which a frame is silence. */
const silence = 1e-4
/** Frames kept to tell who speaks, and their least level against the loudest. */
const mostFrames = 64
const leastShare = 0.2

/** What has to be known of a recording before it is converted. */
export interface Survey {
  sampleRate: number
  channels: number
  /** Samples of the stretch that is converted, at the recording's rate. */
  first: number
  last: number
  /** Samples of the whole recording. */
  frames: number
  /** Mean of the stretch, and its largest sample once that is taken off; at the model's rate. */
  mean: number
  peak: number
  /** Share of the stretch's samples at full scale. */
  clipped: number
  /** Some of its frames at the model's rate, loud ones, as they came. */
  voiced: Float32Array[]
}

/**
 * Reads the stretch from `start` to `end` (s; null for the recording's own ends) once. Throws what `openAudio` throws, `bad-input` for a stretch
 * outside the recording, and for silence.
 */
export async function survey(
  path: string,
  { start, end }: { start: number | null; end: number | null },
  { rate, frame, check }: { rate: number; frame: number; check: () => void },
): Promise<Survey> {
  const reader = await openAudio(path, { check })
  try {
    const { sampleRate, channels, frames } = reader.info
    const first = Math.round((start ?? 0) * sampleRate)
    const last = Math.min(frames, end === null ? frames : Math.round(end * sampleRate))
    if (first >= last)
      throw new NagareError(
        'bad-input',
        `There is nothing between ${start ?? 0} s and ${end ?? frames / sampleRate} s of ${path}: it is ${(frames / sampleRate).toFixed(2)} s long.`,
        { file: path, hint: 'Choose another stretch.' },
      )
    await reader.seek(first)
    const converter = resampler(sampleRate, rate)
    let [sum, count, least, most, clipped] = [0, 0, Infinity, -Infinity, 0]
    let loudest = 0
    let [part, filled] = [new Float32Array(frame), 0]
    let every = 1
    let seen = 0
    let voiced: { x: Float32Array; level: number }[] = []
    const look = (x: Float32Array) => {
      for (const value of x) {
        sum += value
        least = Math.min(least, value)
        most = Math.max(most, value)
        part[filled++] = value
        if (filled < frame) continue
        keep()
      }
      count += x.length
    }
    const keep = () => {
      const level = Math.sqrt(part.reduce((total, value) => total + value * value, 0) / frame)
      loudest = Math.max(loudest, level)
      if (seen++ % every === 0) voiced.push({ x: part, level })
      // Long recordings are looked at ever more sparsely.
      if (voiced.length >= 2 * mostFrames) [voiced, every] = [voiced.filter((_, i) => i % 2 === 0), 2 * every]
      ;[part, filled] = [new Float32Array(frame), 0]
    }
    for (let at = first; at < last;) {
      check()
      const block = await reader.read(Math.min(sampleRate, last - at))
      if (!block) break
      at += block[0]!.length
      const mono = downmix(block)
      for (const x of mono) if (Math.abs(x) >= clippedFrom) clipped++
      look(converter.push(mono))
    }
    look(converter.flush())
    if (filled > 0) keep()
    const mean = sum / Math.max(1, count)
    const peak = Math.max(most - mean, mean - least)
    if (!(loudest >= silence) || !(peak > 0))
      throw new NagareError('bad-input', `${path} is silent there; there is no voice to convert.`, {
        file: path,
        hint: 'Choose a recording or a stretch in which somebody speaks.',
      })
    return {
      ...{ sampleRate, channels, frames, first, last, mean, peak },
      clipped: clipped / (last - first),
      voiced: voiced.filter(({ level }) => level >= leastShare * loudest).map(({ x }) => x),
    }
  } finally {
    await reader.close()
  }
}
