import { expect } from 'vitest'

export interface Closeness {
  /** Allowed difference relative to the expected number (default 1e-5). */
  relative?: number
  /** Allowed difference near zero (default 1e-6). */
  absolute?: number
}

type Numbers = ArrayLike<number>
interface Shaped {
  shape: readonly number[]
  data: Numbers
}

/** Fails unless both have the same length (and shape, where they have one) and |found - expected| ≤ absolute + relative · |expected| throughout. */
export function allclose(
  found: Numbers | Shaped,
  expected: Numbers | Shaped,
  { relative = 1e-5, absolute = 1e-6 }: Closeness = {},
) {
  const [a, b] = [numbersOf(found), numbersOf(expected)]
  const shapes = [shapeOf(found), shapeOf(expected)]
  if (shapes[0] && shapes[1] && String(shapes[0]) !== String(shapes[1])) {
    return { pass: false, message: () => `expected shape [${shapes[1]}], found [${shapes[0]}]` }
  }
  if (a.length !== b.length) return { pass: false, message: () => `expected ${b.length} numbers, found ${a.length}` }
  let worst = -1
  let excess = 0
  let wrong = 0
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!]
    if (Object.is(x, y) || x === y) continue
    const over = Math.abs(x - y) - absolute - relative * Math.abs(y)
    if (over <= 0) continue
    wrong++
    if (worst < 0 || !(over <= excess)) [worst, excess] = [i, over]
  }
  return {
    pass: wrong === 0,
    message: () =>
      wrong === 0
        ? `expected a difference beyond ${absolute} + ${relative} · |expected|, found none`
        : `${wrong} of ${a.length} numbers differ; worst at ${worst}: expected ${b[worst]}, found ${a[worst]} (allowed ${absolute} + ${relative} · |expected|)`,
  }
}

const numbersOf = (value: Numbers | Shaped): Numbers => ('data' in value ? value.data : value)
const shapeOf = (value: Numbers | Shaped): readonly number[] | undefined => ('data' in value ? value.shape : undefined)

expect.extend({
  toBeAllclose: (found: Numbers | Shaped, expected: Numbers | Shaped, closeness?: Closeness) =>
    allclose(found, expected, closeness),
})

declare module 'vitest' {
  interface Matchers<T> {
    /** All numbers within `absolute + relative · |expected|` of the expected ones; shapes equal where both have one. */
    toBeAllclose(expected: Numbers | Shaped, closeness?: Closeness): T
  }
}
