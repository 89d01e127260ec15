/** Maps are kept in 16 bits: level 0 stands for the value 0, this one for 1. */
export const mostLevel = 65535

/** The nearest level of a map's value; values beyond 0 and 1 take the ends. */
export const levelOf = (value: number): number => Math.round(Math.min(Math.max(value, 0), 1) * mostLevel)

/** Values of levels, as float32: engine and window compare these very numbers with a threshold. */
export function valuesOf(levels: ArrayLike<number>): Float32Array {
  const values = new Float32Array(levels.length)
  for (let i = 0; i < values.length; i++) values[i] = levels[i]! / mostLevel
  return values
}

/** The lowest level whose value reaches `threshold`; one above all where none does. */
export function levelFrom(threshold: number): number {
  let level = Math.min(mostLevel + 1, Math.max(0, Math.ceil(threshold * mostLevel) - 2))
  while (level <= mostLevel && Math.fround(level / mostLevel) < threshold) level++
  return level
}
