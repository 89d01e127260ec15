import { libvips } from './libvips'

/** A small picture as a PNG in memory, its 8-bit values as they are; packed quickly rather than tightly. */
export async function encodeTile(
  data: Uint8Array,
  { width, height, channels }: { width: number; height: number; channels: 1 | 3 },
): Promise<Uint8Array> {
  const sharp = await libvips()
  const raw = sharp(data, { raw: { width, height, channels } })
  return (channels === 1 ? raw.toColourspace('b-w') : raw)
    .png({ compressionLevel: 2, adaptiveFiltering: false })
    .toBuffer()
}
