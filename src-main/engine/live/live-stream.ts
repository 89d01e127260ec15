import { joinSignals, resampler } from '../../dsp'

/** The part of a voice converter that a stream needs. */
export interface SoundConverter {
  push(x: Float32Array): Promise<Float32Array>
  flush(): Promise<Float32Array>
}

export interface LiveStream {
  /** Takes sound at the window's rate, returns what is final by now at that rate; with `last` all of the rest, and the next sound begins anew. */
  take(sound: Float32Array, last: boolean): Promise<Float32Array>
}

/** Most that quiet speech is raised, and how fast the level it is measured by falls: by half in so many seconds. */
const mostGain = 8
const halfLife = 4
/** Seconds over which the gain moves to its new value, so that it makes no step. */
const glide = 0.02

/** Sound at `sampleRate` Hz through a converter at `modelRate` Hz, raised to the level `peak` that its model was trained at. */
export function liveStream(
  converter: SoundConverter,
  { sampleRate, modelRate, peak }: { sampleRate: number; modelRate: number; peak: number },
): LiveStream {
  let down = resampler(sampleRate, modelRate)
  let up = resampler(modelRate, sampleRate)
  const level = leveller(peak, modelRate)
  return {
    async take(sound, last) {
      const heard = joinSignals(last ? [down.push(sound), down.flush()] : [down.push(sound)])
      level(heard)
      const parts = [await converter.push(heard)]
      if (last) parts.push(await converter.flush())
      const spoken = up.push(joinSignals(parts))
      if (!last) return spoken
      const rest = up.flush()
      down = resampler(sampleRate, modelRate)
      up = resampler(modelRate, sampleRate)
      return joinSignals([spoken, rest])
    },
  }
}

/** Raises sound that comes in pieces towards `peak`, by its loudest sample in the last seconds; changes it in place. */
export function leveller(peak: number, rate: number): (x: Float32Array) => void {
  let loudest = peak / mostGain
  let gain = 1
  let isFirst = true
  return (x) => {
    loudest = Math.max(peak / mostGain, loudest * 0.5 ** (x.length / rate / halfLife))
    for (const value of x) loudest = Math.max(loudest, Math.abs(value))
    const wanted = peak / loudest
    // The first piece is at its level from its start; a louder one is turned down at once, so that nothing leaves the range.
    if (isFirst || wanted < gain) gain = wanted
    isFirst = false
    const step = (wanted - gain) / Math.max(1, Math.min(x.length, Math.round(glide * rate)))
    for (let i = 0; i < x.length; i++) {
      if (gain < wanted) gain = Math.min(wanted, gain + step)
      x[i] = x[i]! * gain
    }
  }
}
