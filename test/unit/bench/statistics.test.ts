import { describe, expect, it } from 'vitest'
import { float32 } from '../../../src-main/lib/ndarray'
import { largestDifference } from '../../bench/agreement'
import { median, medianRatio, summary } from '../../bench/statistics'
import { figure, formatTable } from '../../bench/table'

describe('statistics', () => {
  it('takes the middle number, or the mean of the two middle ones', () => {
    expect(median([9, 1, 4])).toBe(4)
    expect(median([10, 9, 1, 2])).toBe(5.5)
    expect(median([7])).toBe(7)
    expect(median([])).toBeNaN()
  })

  it('sums rounds up and leaves their order', () => {
    expect(summary([3, 1, 2])).toEqual({ median: 2, min: 1, rounds: [3, 1, 2] })
  })

  it('compares within each round, so that a slow spell weighs on both sides', () => {
    // The ratio of the medians would say 11 / 20.
    expect(medianRatio([10, 100, 11], [20, 200, 11])).toBe(0.5)
  })
})

describe('table', () => {
  it('stands names left and figures right, and marks what is missing', () => {
    const text = formatTable(
      ['', 'ms', 'ratio'],
      [
        ['matmul', '12.3', '0.5'],
        ['a', undefined, '10'],
      ],
    )
    expect(text.split('\n')).toEqual(['          ms  ratio', 'matmul  12.3    0.5', 'a          –     10'])
  })

  it('shows three digits', () => {
    expect([0.04123, 0.5, 5.314, 53.14, 531.4, 5314, 0].map(figure)).toEqual([
      '0.0412',
      '0.500',
      '5.31',
      '53.1',
      '531',
      '5314',
      '0.00',
    ])
  })
})

describe('agreement', () => {
  const arrays = (...numbers: number[]) => float32([numbers.length], Float32Array.from(numbers))

  it('measures each array by its own largest number and names the worst', () => {
    const ours = { large: arrays(1000, 0), small: arrays(0.01, 0.005) }
    expect(largestDifference(ours, ours)).toEqual({ name: '', difference: 0 })
    const { name, difference } = largestDifference(ours, { large: arrays(1000, 0.5), small: arrays(0.01, 0.004) })
    expect(name).toBe('small')
    expect(difference).toBeCloseTo(0.1, 5)
  })

  it('takes NaN for no agreement, wherever it stands', () => {
    expect(largestDifference({ y: arrays(NaN, 1) }, { y: arrays(1, 1) }).difference).toBe(Infinity)
    expect(largestDifference({ y: arrays(1, 1) }, { y: arrays(1, NaN) }).difference).toBe(Infinity)
  })

  it('refuses sides that report other things', () => {
    expect(() => largestDifference({ y: arrays(1) }, { z: arrays(1) })).toThrow('ours are y, theirs z')
    expect(() => largestDifference({ y: arrays(1) }, { y: arrays(1, 2) })).toThrow('"y" has 1 numbers')
  })
})
