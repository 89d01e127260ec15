import type { PictureFormat } from './picture-info'

const marks: readonly [PictureFormat, string][] = [
  ['png', '\x89PNG\r\n\x1a\n'],
  ['jpeg', '\xff\xd8\xff'],
  ['tiff', 'II*\0'],
  ['tiff', 'MM\0*'],
  ['tiff', 'II+\0'],
  ['tiff', 'MM\0+'],
  ['gif', 'GIF87a'],
  ['gif', 'GIF89a'],
]
const bmpHeaders = [12, 40, 52, 56, 64, 108, 124]

/** Bytes `sniffPicture` wants to see. */
export const sniffedBytes = 256

/** Kind of picture by its first bytes, never by its name; null when it is none we read. */
export function sniffPicture(head: Uint8Array): PictureFormat | null {
  const start = Buffer.from(head.subarray(0, 18)).toString('latin1')
  const known = marks.find(([, mark]) => start.startsWith(mark))
  if (known) return known[0]
  if (start.startsWith('RIFF') && start.slice(8, 12) === 'WEBP') return 'webp'
  if (start.startsWith('BM') && start.length === 18 && bmpHeaders.includes(Buffer.from(head).readUInt32LE(14)))
    return 'bmp'
  return null
}
