import { expect, test } from 'vitest'
import { guessing, newTrial, placeOf, type Trial } from '../../src-renderer/audio/abx'

test('guessing is the exact upper tail of the binomial distribution', () => {
  expect(guessing(0, 0)).toBe(1)
  expect(guessing(1, 1)).toBe(0.5)
  // Σ C(10, k), k = 8 … 10, is 56.
  expect(guessing(8, 10)).toBe(56 / 1024)
  expect(guessing(10, 10)).toBe(1 / 1024)
  // 12 of 16 is the classic bar of 5 %: 2517 / 65536.
  expect(guessing(12, 16)).toBe(2517 / 65536)
  for (const count of [1, 5, 40, 200]) expect(guessing(0, count)).toBeCloseTo(1, 9)
})

test('X is one of A and B, and A and B are the pair in either order', () => {
  for (const swapped of [false, true])
    for (const x of ['a', 'b'] as const) {
      const trial: Trial = { swapped, x }
      expect([placeOf(trial, 'a'), placeOf(trial, 'b')].sort()).toEqual([0, 1])
      expect(placeOf(trial, 'a')).toBe(swapped ? 1 : 0)
      expect(placeOf(trial, 'x')).toBe(placeOf(trial, x))
    }
})

test('both coins are fair and tossed apart', () => {
  const counts = new Map<string, number>()
  for (let i = 0; i < 4000; i++) {
    const { swapped, x } = newTrial()
    counts.set(`${swapped} ${x}`, (counts.get(`${swapped} ${x}`) ?? 0) + 1)
  }
  expect(counts.size).toBe(4)
  // Six standard deviations of a quarter of 4000.
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(6 * Math.sqrt(4000 * 0.25 * 0.75))
})
