import { picture, withChannels, type Picture } from './picture'

/** Pictures of one size side by side in `columns` columns, `gap` white pixels between them. Throws RangeError for none. */
export function montage(pictures: readonly Picture[], columns: number, gap = 2): Picture {
  const [first] = pictures
  if (!first) throw new RangeError('A montage needs pictures.')
  const { width, height } = first
  const rows = Math.ceil(pictures.length / columns)
  const channels = pictures.some((one) => one.channels === 3) ? 3 : 1
  const [wide, high] = [columns * (width + gap) - gap, rows * (height + gap) - gap]
  const data = new Float32Array(wide * high * channels).fill(1)
  for (const [i, one] of pictures.entries()) {
    const { data: values } = withChannels(one, channels)
    const [left, top] = [(i % columns) * (width + gap), Math.floor(i / columns) * (height + gap)]
    for (let y = 0; y < height; y++)
      data.set(values.subarray(y * width * channels, (y + 1) * width * channels), ((top + y) * wide + left) * channels)
  }
  return picture(wide, high, channels, data)
}
