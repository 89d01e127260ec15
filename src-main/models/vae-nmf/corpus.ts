import { power, readMono, resample, stft, openAudio } from '../../dsp'
import { NagareError } from '../../lib/errors'
import type { Random } from '../../lib/random'
import type { FrontEnd } from './config'

/** The share of a resampled band that is free of the filter's slope. */
const usableBand = 0.9

/** Frames of speech at one level: power [frames, bins], and how many bins from 0 Hz each frame really holds. */
export interface FramePool {
  power: Float32Array
  knownBins: Uint16Array
  frames: number
  bins: number
}

/**
 * Power spectra of one recording played at `speed` times its pace, which moves pitch and formants with it and so stands for other voices.
 * The level is brought to a mean frame energy of 1 over voiced frames: those whose energy, averaged over 5 frames, exceeds 1 % of the largest.
 */
export async function speechFrames(
  file: string,
  speed: number,
  frontEnd: FrontEnd,
  maxSeconds = 600,
): Promise<FramePool> {
  const reader = await openAudio(file)
  const { sampleRate } = reader.info
  await reader.close()
  const samples = resample(
    await readMono(file, sampleRate, { maxSeconds }),
    Math.round(sampleRate * speed),
    frontEnd.sampleRate,
  )
  const spectrum = stft(frontEnd).analyze(samples)
  const { frames, bins } = spectrum
  const energy = power(spectrum)
  const scale = voicedEnergy(energy, frames, bins)
  const band = Math.min(bins, Math.ceil(((sampleRate * speed) / frontEnd.sampleRate) * usableBand * (bins - 1)))
  if (scale === 0) return { power: new Float32Array(0), knownBins: new Uint16Array(0), frames: 0, bins }
  return {
    power: energy.map((value) => Math.max(frontEnd.floor, value / scale)),
    knownBins: new Uint16Array(frames).fill(band),
    frames,
    bins,
  }
}

/** Mean energy of the voiced frames, 0 where there are none. */
function voicedEnergy(power: Float32Array, frames: number, bins: number): number {
  const energy = Float64Array.from({ length: frames }, (_, t) => {
    let sum = 0
    for (let f = 0; f < bins; f++) sum += power[t * bins + f]!
    return sum
  })
  const smooth = energy.map(
    (_, t) => energy.subarray(Math.max(0, t - 2), t + 3).reduce((sum, value) => sum + value, 0) / 5,
  )
  const threshold = 0.01 * smooth.reduce((most, value) => Math.max(most, value), 0)
  const voiced = energy.filter((_, t) => smooth[t]! > threshold)
  return voiced.length === 0 ? 0 : voiced.reduce((sum, value) => sum + value, 0) / voiced.length
}

/**
 * Draws `capacity` frames, an equal share from each folder, each recording at a speed drawn from `speeds`, in an order drawn from `random`.
 * Memory is the pool, whatever the size of the data.
 */
export async function drawPool(
  folders: readonly (readonly string[])[],
  frontEnd: FrontEnd,
  {
    speeds,
    capacity,
    random,
    check,
  }: { speeds: readonly number[]; capacity: number; random: Random; check: () => void },
): Promise<FramePool> {
  const bins = frontEnd.size / 2 + 1
  const pool: FramePool = {
    power: new Float32Array(capacity * bins),
    knownBins: new Uint16Array(capacity),
    frames: 0,
    bins,
  }
  for (const [i, files] of folders.entries()) {
    const limit = Math.floor((capacity * (i + 1)) / folders.length)
    const order = random.shuffle(files.length)
    for (const index of order) {
      if (pool.frames >= limit) break
      check()
      const speed = speeds[random.integer(speeds.length)]!
      const found = await speechFrames(files[index]!, speed, frontEnd)
      const take = Math.min(found.frames, limit - pool.frames)
      pool.power.set(found.power.subarray(0, take * bins), pool.frames * bins)
      pool.knownBins.set(found.knownBins.subarray(0, take), pool.frames)
      pool.frames += take
    }
  }
  if (pool.frames === 0) throw new NagareError('bad-input', 'The recordings hold no speech: all of them are silent.')
  return pool
}
