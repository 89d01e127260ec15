/** A mask with a border of one pixel all around it, what the neighbours are there, [height + 2, width + 2]; 1 is covered. */
export interface Covered {
  covered: Uint8Array
  width: number
  height: number
  /** Whether the edges at its right, and at its bottom, are its own: the picture ends there. */
  endsRight: boolean
  endsBottom: boolean
}

/** The edges between what a mask covers and what it does not, as lines in the mask's pixels: [x1, y1, x2, y2] each. Those at its left and top are its own. */
export function maskEdges({ covered, width, height, endsRight, endsBottom }: Covered): number[] {
  const lines: number[] = []
  const stride = width + 2
  for (let y = 0; y < height + (endsBottom ? 1 : 0); y++) {
    let from = -1
    for (let x = 0, at = (y + 1) * stride + 1; x <= width; x++, at++) {
      const isEdge = x < width && covered[at - stride] !== covered[at]
      if (isEdge && from < 0) from = x
      else if (!isEdge && from >= 0) {
        lines.push(from, y, x, y)
        from = -1
      }
    }
  }
  for (let x = 0; x < width + (endsRight ? 1 : 0); x++) {
    let from = -1
    for (let y = 0, at = stride + x + 1; y <= height; y++, at += stride) {
      const isEdge = y < height && covered[at - 1] !== covered[at]
      if (isEdge && from < 0) from = y
      else if (!isEdge && from >= 0) {
        lines.push(x, from, x, y)
        from = -1
      }
    }
  }
  return lines
}

/** Lines as a path. */
export function pathOf(lines: readonly number[]): Path2D {
  const path = new Path2D()
  for (let i = 0; i < lines.length; i += 4) {
    path.moveTo(lines[i]!, lines[i + 1]!)
    path.lineTo(lines[i + 2]!, lines[i + 3]!)
  }
  return path
}
