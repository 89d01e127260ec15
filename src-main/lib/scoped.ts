/** Remembers how something that was opened is let go, and returns it. */
export type Keep = <T>(opened: T, release: (opened: T) => unknown) => T

/**
 * Runs `work`, then lets go of all that it kept, the last first; one that fails does not hold up the others. Throws what `work` throws, else the first
 * failure of letting go.
 */
export async function scoped<Result>(work: (keep: Keep) => Promise<Result>): Promise<Result> {
  const releases: (() => unknown)[] = []
  const failures: unknown[] = []
  let result: Result
  try {
    result = await work((opened, release) => {
      releases.unshift(() => release(opened))
      return opened
    })
  } finally {
    for (const release of releases)
      try {
        await release()
      } catch (thrown) {
        failures.push(thrown)
      }
  }
  if (failures.length > 0) throw failures[0]
  return result
}
