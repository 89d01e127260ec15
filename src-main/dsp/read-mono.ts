import { downmix } from './audio'
import { openAudio } from './open-audio'
import { resampler } from './resample'

/**
 * A whole recording as one channel at `rate` Hz, ±1: channels averaged, then resampled. Only the first `maxSeconds`
 * (an hour if left out) are read. Throws what `openAudio` throws.
 */
export async function readMono(
  path: string,
  rate: number,
  { maxSeconds = 3600 }: { maxSeconds?: number } = {},
): Promise<Float32Array> {
  const reader = await openAudio(path)
  try {
    const { sampleRate, frames } = reader.info
    const wanted = Math.min(frames, Math.round(maxSeconds * sampleRate))
    const out = new Float32Array(Math.round((wanted * rate) / sampleRate))
    const converter = resampler(sampleRate, rate)
    let filled = 0
    const keep = (x: Float32Array) => {
      out.set(x, filled)
      filled += x.length
    }
    for (let read = 0; read < wanted;) {
      const block = await reader.read(Math.min(65536, wanted - read))
      if (!block) break
      read += block[0]!.length
      keep(converter.push(downmix(block)))
    }
    keep(converter.flush())
    return out
  } finally {
    await reader.close()
  }
}
