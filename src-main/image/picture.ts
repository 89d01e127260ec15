/** A picture in memory: values 0 to 1, row by row, [height, width, channels]. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** 1 for grey, 3 for red, green, blue (sRGB). */
  readonly channels: 1 | 3
  /** Bits per value of the file it came from. */
  readonly depth: 8 | 16
  readonly data: Float32Array
}

/** A picture of which rectangles are read: an open file, or one in memory. */
export interface Readable {
  readonly info: { readonly width: number; readonly height: number; readonly channels: 1 | 3; readonly depth: 8 | 16 }
  /** The part inside `box`, upright; pixels beyond the edges repeat the nearest edge pixel. */
  read(box: Box): Picture
}

/** A picture in memory as one that is read. */
export const readable = (source: Picture): Readable => ({ info: source, read: (box) => crop(source, box) })

/** A rectangle of whole pixels; x to the right, y down. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A picture of `width` × `height` over `data` (black if left out). Throws RangeError when the lengths differ. */
export function picture(
  width: number,
  height: number,
  channels: 1 | 3,
  data: Float32Array = new Float32Array(width * height * channels),
  depth: 8 | 16 = 8,
): Picture {
  if (data.length !== width * height * channels)
    throw new RangeError(
      `${width} × ${height} × ${channels} holds ${width * height * channels} values, got ${data.length}`,
    )
  return { width, height, channels, depth, data }
}

/** The part of a picture inside `box`; pixels beyond its edges repeat the nearest edge pixel. */
export function crop(source: Picture, box: Box): Picture {
  const { width, height, channels, data } = source
  const out = new Float32Array(box.width * box.height * channels)
  for (let y = 0, at = 0; y < box.height; y++) {
    const row = clamp(box.y + y, height) * width
    for (let x = 0; x < box.width; x++) {
      const from = (row + clamp(box.x + x, width)) * channels
      for (let c = 0; c < channels; c++) out[at++] = data[from + c]!
    }
  }
  return picture(box.width, box.height, channels, out, source.depth)
}

const clamp = (at: number, length: number) => Math.min(Math.max(at, 0), length - 1)

/** The picture with one or three channels: luma of ITU-R BT.709 on the sRGB values as they are, or grey thrice. */
export function withChannels(source: Picture, channels: 1 | 3): Picture {
  if (source.channels === channels) return source
  const pixels = source.width * source.height
  const out = new Float32Array(pixels * channels)
  const { data } = source
  for (let i = 0; i < pixels; i++) {
    if (channels === 3) out.fill(data[i]!, 3 * i, 3 * i + 3)
    else out[i] = 0.2126 * data[3 * i]! + 0.7152 * data[3 * i + 1]! + 0.0722 * data[3 * i + 2]!
  }
  return picture(source.width, source.height, channels, out, source.depth)
}
