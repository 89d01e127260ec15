import { extname } from 'node:path'

export { safeFileName } from '../lib/safe-file-name'

/** `name`, or `name 2`, `name 3` … before the extension, whichever is not taken yet (letter case aside). */
export function uniqueName(name: string, taken: Iterable<string>): string {
  const used = new Set([...taken].map((other) => other.toLowerCase()))
  const extension = extname(name)
  const stem = name.slice(0, name.length - extension.length)
  let candidate = name
  for (let i = 2; used.has(candidate.toLowerCase()); i++) candidate = `${stem} ${i}${extension}`
  return candidate
}
