import { NagareError } from '../../src-main/lib/errors'
import type { NDArrays } from '../../src-main/lib/ndarray'

/** The largest difference between two sets of arrays, each in parts of the largest number of its array. Throws `corrupt` where names or sizes differ. */
export function largestDifference(ours: NDArrays, theirs: NDArrays): { name: string; difference: number } {
  const names = Object.keys(ours).sort()
  const others = Object.keys(theirs).sort()
  if (String(names) !== String(others))
    throw new NagareError(
      'corrupt',
      `The two sides were to report the same values; ours are ${names}, theirs ${others}.`,
    )
  let worst = { name: '', difference: 0 }
  for (const name of names) {
    const [a, b] = [ours[name]!.data, theirs[name]!.data]
    if (a.length !== b.length)
      throw new NagareError('corrupt', `"${name}" has ${a.length} numbers on our side and ${b.length} on the other.`)
    let size = 0
    let apart = 0
    for (let i = 0; i < a.length; i++) {
      size = Math.max(size, Math.abs(a[i]!), Math.abs(b[i]!))
      const gap = Math.abs(a[i]! - b[i]!)
      if (Number.isNaN(gap)) return { name, difference: Infinity }
      apart = Math.max(apart, gap)
    }
    const difference = apart === 0 ? 0 : apart / size
    if (difference > worst.difference) worst = { name, difference }
  }
  return worst
}
