import type { Peaks } from '@contract'
import { readPcm, type PcmSource } from './pcm'
import { peaksPyramid } from './peaks-pyramid'

/** Frames read at once. */
const blockFrames = 1 << 19

export type PeaksAnswer = { peaks: Peaks } | { error: string }

async function measure(source: PcmSource): Promise<Peaks> {
  const pyramid = peaksPyramid(source)
  for (let at = 0; at < source.frames; at += blockFrames) pyramid.push(await readPcm(source, at, blockFrames))
  return pyramid.finish()
}

self.addEventListener('message', ({ data }: MessageEvent<PcmSource>) => {
  measure(data).then(
    (peaks) =>
      self.postMessage({ peaks } satisfies PeaksAnswer, { transfer: peaks.levels.map((level) => level.data.buffer) }),
    (error: unknown) => self.postMessage({ error: String(error) } satisfies PeaksAnswer),
  )
})
