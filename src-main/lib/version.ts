import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Nagare's version, from the nearest package.json above `from` that bears its name; `0.0.0` when there is none. */
export function appVersion(from: string = import.meta.dirname): string {
  try {
    const { name, version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as {
      name?: string
      version?: string
    }
    if (name === 'nagare' && version) return version
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
  }
  const above = dirname(from)
  return above === from ? '0.0.0' : appVersion(above)
}
