import { open } from 'node:fs/promises'
import { NagareError } from '../lib/errors'

/** What a BMP's headers say (Microsoft's BITMAPFILEHEADER, BITMAPCOREHEADER, BITMAPINFOHEADER to V5). */
export interface BmpHeader {
  readonly width: number
  readonly height: number
  readonly topDown: boolean
  readonly bits: number
  readonly compression: 'none' | 'rle8'
  /** Where the pixels start in the file, bytes. */
  readonly offset: number
  /** Red, green, blue, 0 to 255, for each index; null from 16 bits on. */
  readonly palette: Uint8Array | null
  /** Which bits of a 16- or 32-bit pixel are red, green, blue, alpha; null for indexed and 24-bit pixels. */
  readonly masks: readonly [number, number, number, number] | null
  /** The palette has only greys. */
  readonly grey: boolean
  readonly alpha: boolean
}

/** Reads the headers and the palette of a BMP. Throws `corrupt`, `unsupported`. */
export async function readBmpHeader(path: string): Promise<BmpHeader> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2048), 0, 2048, 0)
    return parseBmpHeader(buffer.subarray(0, bytesRead), path)
  } finally {
    await handle.close()
  }
}

function parseBmpHeader(b: Buffer, path: string): BmpHeader {
  const corrupt = (what: string) =>
    new NagareError('corrupt', `${path}: expected a whole BMP, ${what}.`, { hint: 'Save it again.', file: path })
  const need = (bytes: number) => {
    if (b.length < bytes) throw corrupt('its header is cut short')
  }
  need(26)
  const size = b.readUInt32LE(14)
  need(14 + size)
  const old = size === 12
  const width = old ? b.readUInt16LE(18) : b.readInt32LE(18)
  const signedHeight = old ? b.readUInt16LE(20) : b.readInt32LE(22)
  const bits = b.readUInt16LE(old ? 24 : 28)
  const code = old ? 0 : b.readUInt32LE(30)
  if (width <= 0 || signedHeight === 0) throw corrupt(`its header says ${width} × ${signedHeight} pixels`)
  const unsupported = (what: string) =>
    new NagareError('unsupported', `${path}: expected an uncompressed or 8-bit run-length coded BMP, found ${what}.`, {
      hint: 'Save it as PNG.',
      file: path,
    })
  const rle = code === 1 && bits === 8
  const bitfields = code === 3 || code === 6
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw unsupported(`${bits} bits a pixel`)
  if (code !== 0 && !rle && !(bitfields && (bits === 16 || bits === 32))) throw unsupported(`compression ${code}`)

  const maskBytes = size === 40 && bitfields ? (code === 6 ? 16 : 12) : 0
  if (bits <= 8) {
    const stride = old ? 3 : 4
    const said = old ? 0 : b.readUInt32LE(46)
    const colours = said > 0 && said <= 2 ** bits ? said : 2 ** bits
    const start = 14 + size
    need(start + colours * stride)
    const palette = new Uint8Array(3 * 2 ** bits)
    for (let i = 0; i < colours; i++) for (let c = 0; c < 3; c++) palette[3 * i + c] = b[start + i * stride + 2 - c]!
    const grey = palette.every((value, i) => value === palette[i - (i % 3)])
    return header({ bits, palette, masks: null, grey, alpha: false, compression: rle ? 'rle8' : 'none' })
  }
  if (bits === 24) return header({ bits, palette: null, masks: null, grey: false, alpha: false, compression: 'none' })
  const inHeader = bitfields && size >= 52
  const at = maskBytes || inHeader ? 54 : 0
  if (at) need(at + 12)
  const alphaMask = (code === 6 || size >= 56) && bitfields && b.length >= 70 ? b.readUInt32LE(66) : 0
  const plain: [number, number, number, number] = bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0]
  const masks = at ? ([b.readUInt32LE(at), b.readUInt32LE(at + 4), b.readUInt32LE(at + 8), alphaMask] as const) : plain
  return header({ bits, palette: null, masks, grey: false, alpha: masks[3] !== 0, compression: 'none' })

  function header(rest: Pick<BmpHeader, 'bits' | 'palette' | 'masks' | 'grey' | 'alpha' | 'compression'>): BmpHeader {
    return { width, height: Math.abs(signedHeight), topDown: signedHeight < 0, offset: b.readUInt32LE(10), ...rest }
  }
}
