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
 * Gains that make any number of tracks equally loud: all at the reference's loudness, or lower where one of them would clip. Silent and unmeasured
 * tracks keep the reference's gain.
 */
export function matchAll(levels: Record<string, Level>, reference: string): Record<string, number> {
  const first = levels[reference]
  const ones = Object.fromEntries(Object.keys(levels).map((role) => [role, 1]))
  if (!first || first.loudness === null) return ones
  const known = Object.values(levels).filter((level) => level.loudness !== null)
  const target = Math.min(
    first.loudness,
    ...known.filter((level) => level !== first).map((level) => level.loudness! + headroom(level)),
  )
  const own = factor(target - first.loudness)
  return Object.fromEntries(
    Object.entries(levels).map(([role, { loudness }]) => [role, loudness === null ? own : factor(target - loudness)]),
  )
}
