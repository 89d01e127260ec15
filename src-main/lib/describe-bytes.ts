const signatures: readonly [string, string][] = [
  ['\x89PNG', 'a PNG image'],
  ['\xff\xd8\xff', 'a JPEG image'],
  ['GIF8', 'a GIF image'],
  ['8BPS', 'a Photoshop document'],
  ['%PDF', 'a PDF document'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ['fLaC', 'a FLAC recording'],
  ['OggS', 'an Ogg recording'],
  ['ID3', 'an MP3 recording'],
  ['\x00\x00\x00\x0cJXL ', 'a JPEG XL image'],
  ['\xff\x0a', 'a JPEG XL image'],
  ['\x00\x00\x00\x0cjP  ', 'a JPEG 2000 image'],
]
const riffForms: Record<string, string> = { WAVE: 'a WAV recording', WEBP: 'a WebP image' }
const isoBrands: readonly [RegExp, string][] = [
  [/^avi[fs]/, 'an AVIF image'],
  [/^(hei[cxms]|hev[cx]|mif1|msf1)/, 'a HEIC image'],
  [/^M4A/, 'an M4A recording'],
]

/** A few words for what a file is by its first bytes, for an error message: `a PNG image`, `text (“…”)`, `unknown data (89ab…)`. */
export function describeBytes(head: Uint8Array): string {
  const start = Buffer.from(head.subarray(0, 16)).toString('latin1')
  const known = signatures.find(([signature]) => start.startsWith(signature))
  if (known) return known[1]
  if (start.startsWith('RIFF')) return riffForms[start.slice(8, 12)] ?? 'a RIFF file that is not WAV'
  if (start.slice(4, 8) === 'ftyp')
    return isoBrands.find(([brand]) => brand.test(start.slice(8)))?.[1] ?? 'a video or another ISO media file'
  const shown = new TextDecoder().decode(head.subarray(0, 200))
  if (/^\s*(<\?xml[^>]*>\s*)?(<!--[^]*?-->\s*)?<svg/.test(shown)) return 'an SVG drawing'
  // eslint-disable-next-line no-control-regex
  if (!/[\x00-\x08\x0e-\x1f\ufffd]/.test(shown.slice(0, -1)))
    return `text (“${shown.slice(0, 24).trim()}${shown.length > 24 ? '…' : ''}”)`
  return `unknown data (${Buffer.from(head.subarray(0, 8)).toString('hex')}…)`
}
