import { basename } from 'node:path'
import { NagareError } from '../lib/errors'

/** An input of several that could not be dealt with, and why. */
export interface Failed {
  input: string
  error: NagareError
}

/** Most inputs that are named. */
const named = 5

/** What became of several inputs in one sentence: how many failed of all (`what`), which, and why the first did. */
export function failureOf(failed: readonly Failed[], what: string): NagareError {
  const { error } = failed[0]!
  const names = failed.slice(0, named).map(({ input }) => basename(input))
  const more = failed.length > named ? ' …' : ''
  return new NagareError(error.code, `${failed.length} ${what} (${names.join(', ')}${more}): ${error.message}`, {
    cause: error,
    ...(error.hint ? { hint: error.hint } : {}),
    ...(error.file ? { file: error.file } : {}),
  })
}
