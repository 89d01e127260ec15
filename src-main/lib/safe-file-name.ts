import { extname } from 'node:path'

/** Longest name in bytes of UTF-8: file systems take 255, and part files and numbers add to it. */
const longest = 200

/** The beginning of `text` that fits in `bytes` of UTF-8, no character cut in two. */
function fitting(text: string, bytes: number): string {
  let end = 0
  let used = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += Buffer.byteLength(segment)
    if (used > bytes) break
    end += segment.length
  }
  return text.slice(0, end)
}

/** `name` as a file name that every system takes: no separators, control characters, half characters or reserved names, at most 200 bytes. */
export function safeFileName(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}/\\:*?"<>|]/gu, '_')
    .replace(/^\.+/, '_')
    .replace(/[. ]+$/, '')
  const extension = fitting(extname(plain), 20)
  const stem =
    fitting(plain.slice(0, plain.length - extname(plain).length), longest - Buffer.byteLength(extension)) || 'untitled'
  const isReserved = /^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i.test(stem)
  return `${isReserved ? '_' : ''}${stem}${extension}`
}
