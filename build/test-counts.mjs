/** Counts of a vitest JSON report. A file that could not be loaded, or a run that failed without naming a test, is one failure. */
export function countVitest(report, ok) {
  if (!report) return { passed: 0, failed: 1, skipped: 0 }
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.length,
  )
  const failed = report.numFailedTests + broken.length
  const skipped = report.numPendingTests + report.numTodoTests
  return { passed: report.numPassedTests, failed: failed || (ok ? 0 : 1), skipped }
}

/** Counts of a Playwright JSON report, alike; a test that passed only on a second try counts as failed. */
export function countPlaywright(report, ok) {
  if (!report) return { passed: 0, failed: 1, skipped: 0 }
  const { expected, unexpected, flaky, skipped } = report.stats
  const failed = unexpected + flaky
  return { passed: expected, failed: failed || (ok ? 0 : 1), skipped }
}
