import { describe, expect, it } from 'vitest'
import { countPlaywright, countVitest } from '../../build/test-counts.mjs'

const vitest = (counts: object, testResults: object[] = []) => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults,
  ...counts,
})

describe('counting', () => {
  it('adds up a vitest report', () => {
    const report = vitest({ numPassedTests: 7, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 })
    expect(countVitest(report, false)).toEqual({ passed: 7, failed: 2, skipped: 2 })
  })

  it('counts a file that could not be loaded', () => {
    const report = vitest({ numPassedTests: 7 }, [{ status: 'failed', assertionResults: [] }])
    expect(countVitest(report, false)).toEqual({ passed: 7, failed: 1, skipped: 0 })
  })

  it('counts a run that failed without naming a test, or left no report', () => {
    expect(countVitest(vitest({ numPassedTests: 7 }), false)).toEqual({ passed: 7, failed: 1, skipped: 0 })
    expect(countVitest(undefined, true)).toEqual({ passed: 0, failed: 1, skipped: 0 })
    expect(countPlaywright(undefined, true)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })

  it('adds up a Playwright report, flaky tests as failures', () => {
    const stats = { expected: 5, unexpected: 1, flaky: 1, skipped: 6 }
    expect(countPlaywright({ stats }, false)).toEqual({ passed: 5, failed: 2, skipped: 6 })
    expect(countPlaywright({ stats: { ...stats, unexpected: 0, flaky: 0 } }, false).failed).toBe(1)
  })
})
