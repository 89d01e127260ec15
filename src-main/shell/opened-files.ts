import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The files named on a command line started in `folder`: words that are no options and exist, without the program and the app itself at `root`. */
export function filesOf(argv: readonly string[], folder: string, root: string): string[] {
  const own = [root, join(root, 'out', 'main', 'main.js')]
  return argv
    .slice(1)
    .filter((word) => !word.startsWith('-'))
    .map((word) => resolve(folder, word))
    .filter((path) => !own.includes(path) && existsSync(path))
}
