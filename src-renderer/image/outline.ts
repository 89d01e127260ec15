/** The edges between what a mask covers and what it does not, as lines in the mask's pixels: [x1, y1, x2, y2] each. */
export function maskEdges(covered: ArrayLike<number>, width: number, height: number): number[] {
  const lines: number[] = []
  const at = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && covered[y * width + x]! > 127
  for (let y = 0; y <= height; y++)
    for (let x = 0, from = -1; x <= width; x++) {
      const isEdge = x < width && at(x, y - 1) !== at(x, y)
      if (isEdge && from < 0) from = x
      if (!isEdge && from >= 0) {
        lines.push(from, y, x, y)
        from = -1
      }
    }
  for (let x = 0; x <= width; x++)
    for (let y = 0, from = -1; y <= height; y++) {
      const isEdge = y < height && at(x - 1, y) !== at(x, y)
      if (isEdge && from < 0) from = y
      if (!isEdge && from >= 0) {
        lines.push(x, from, x, y)
        from = -1
      }
    }
  return lines
}

/** The outline of a mask that is drawn in a bitmap, in the bitmap's pixels. */
export function outlineOf(bitmap: ImageBitmap): Path2D {
  const { width, height } = bitmap
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!
  context.drawImage(bitmap, 0, 0)
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer)
  const covered = Uint8Array.from(pixels, (pixel) => pixel & 255)
  const path = new Path2D()
  const lines = maskEdges(covered, width, height)
  for (let i = 0; i < lines.length; i += 4) {
    path.moveTo(lines[i]!, lines[i + 1]!)
    path.lineTo(lines[i + 2]!, lines[i + 3]!)
  }
  return path
}
