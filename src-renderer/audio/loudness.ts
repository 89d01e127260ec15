/** Level of one track: integrated loudness (LUFS, null for silence or not yet measured) and peak (1 = full scale). */
export interface Level {
  loudness: number | null
  peak: number
}

/** Highest peak that playback is raised to, as a factor of full scale (-0.2 dB). */
export const ceiling = 0.98

const decibels = (factor: number) => 20 * Math.log10(factor)
const factor = (db: number) => 10 ** (db / 20)

/** How far a level may be raised before its peak reaches the ceiling, in dB; negative when it is above already. */
const headroom = ({ peak }: Level) => (peak > 0 ? decibels(ceiling / peak) : 0)

/**
 * Gains that make two tracks equally loud: both at the first one's loudness, or lower where the second would clip.
 * The residual gets the first one's gain, so that it sounds as loud as it was in there.
 */
export function matchedGains(
  original: Level,
  result: Level | undefined,
): { original: number; result: number; noise: number } {
  if (original.loudness === null || !result || result.loudness === null) return { original: 1, result: 1, noise: 1 }
  const target = Math.min(
    original.loudness,
    original.loudness + Math.max(0, headroom(original)),
    result.loudness + headroom(result),
  )
  const first = factor(target - original.loudness)
  return { original: first, result: factor(target - result.loudness), noise: first }
}
