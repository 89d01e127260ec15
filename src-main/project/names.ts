import { extname } from 'node:path'

/** `name` as a file name that every system takes: no separators, control characters or reserved names, at most 200 characters. */
export function safeFileName(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}/\\:*?"<>|]/gu, '_')
    .replace(/^\.+/, '_')
    .replace(/[. ]+$/, '')
  const extension = extname(plain).slice(0, 20)
  const stem = plain.slice(0, plain.length - extname(plain).length).slice(0, 200 - extension.length) || 'untitled'
  const isReserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(stem)
  return `${isReserved ? '_' : ''}${stem}${extension}`
}

/** `name`, or `name 2`, `name 3` … before the extension, whichever is not taken yet (letter case aside). */
export function uniqueName(name: string, taken: Iterable<string>): string {
  const used = new Set([...taken].map((other) => other.toLowerCase()))
  const extension = extname(name)
  const stem = name.slice(0, name.length - extension.length)
  let candidate = name
  for (let i = 2; used.has(candidate.toLowerCase()); i++) candidate = `${stem} ${i}${extension}`
  return candidate
}
