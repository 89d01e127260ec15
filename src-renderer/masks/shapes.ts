import type { Point } from '../image/camera'

/** Is told of each run of pixels inside a shape: row `y`, from column `from` to before `to`; unclipped. */
export type Span = (y: number, from: number, to: number) => void

/** The columns whose pixels' centres lie between two places. */
const columns = (low: number, high: number): [number, number] => [Math.ceil(low - 0.5), Math.floor(high - 0.5) + 1]

/** The pixels whose centres lie within `radius` of the line from `a` to `b`, and the one that each end lies in. */
export function fillStroke(a: Point, b: Point, radius: number, rows: { from: number; to: number }, span: Span): void {
  const length = Math.hypot(b.x - a.x, b.y - a.y)
  const across =
    length > 0 ? { x: (radius * (a.y - b.y)) / length, y: (radius * (b.x - a.x)) / length } : { x: 0, y: 0 }
  const corners = [
    { x: a.x + across.x, y: a.y + across.y },
    { x: b.x + across.x, y: b.y + across.y },
    { x: b.x - across.x, y: b.y - across.y },
    { x: a.x - across.x, y: a.y - across.y },
  ]
  const first = Math.max(rows.from, Math.floor(Math.min(a.y, b.y) - radius))
  const last = Math.min(rows.to - 1, Math.ceil(Math.max(a.y, b.y) + radius))
  for (let y = first; y <= last; y++) {
    const at = y + 0.5
    let [low, high] = [Infinity, -Infinity]
    for (const end of [a, b]) {
      const down = at - end.y
      if (Math.abs(down) > radius) continue
      const reach = Math.sqrt(radius ** 2 - down ** 2)
      low = Math.min(low, end.x - reach)
      high = Math.max(high, end.x + reach)
    }
    if (length > 0)
      for (let i = 0; i < 4; i++) {
        const [from, to] = [corners[i]!, corners[(i + 1) % 4]!]
        if (from.y <= at === to.y <= at) continue
        const x = from.x + ((at - from.y) / (to.y - from.y)) * (to.x - from.x)
        low = Math.min(low, x)
        high = Math.max(high, x)
      }
    const [from, to] = columns(low, high)
    if (to > from) span(y, from, to)
  }
  for (const { x, y } of [a, b]) {
    const row = Math.floor(y)
    if (row >= rows.from && row < rows.to) span(row, Math.floor(x), Math.floor(x) + 1)
  }
}

/** The pixels whose centres a closed line goes around an odd number of times. */
export function fillPolygon(points: readonly Point[], rows: { from: number; to: number }, span: Span): void {
  if (points.length < 3) return
  const crossings = new Map<number, number[]>()
  for (const [i, a] of points.entries()) {
    const b = points[(i + 1) % points.length]!
    const [upper, lower] = a.y <= b.y ? [a, b] : [b, a]
    const first = Math.max(rows.from, Math.ceil(upper.y - 0.5))
    const last = Math.min(rows.to - 1, Math.ceil(lower.y - 0.5) - 1)
    for (let y = first; y <= last; y++) {
      const x = upper.x + ((y + 0.5 - upper.y) / (lower.y - upper.y)) * (lower.x - upper.x)
      const own = crossings.get(y)
      if (own) own.push(x)
      else crossings.set(y, [x])
    }
  }
  for (const [y, own] of crossings) {
    own.sort((a, b) => a - b)
    for (let i = 0; i + 1 < own.length; i += 2) {
      const [from, to] = columns(own[i]!, own[i + 1]!)
      if (to > from) span(y, from, to)
    }
  }
}

/** The connected part (4 neighbours) of a map at or above `level` that holds the pixel (`x`, `y`), as rows; nothing where that lies below. */
export function fillRegion(
  map: ArrayLike<number>,
  { width, height }: { width: number; height: number },
  { x, y }: Point,
  level: number,
  span: Span,
): void {
  if (x < 0 || y < 0 || x >= width || y >= height || map[y * width + x]! < level) return
  const seen = new Uint8Array(width * height)
  const waiting: number[] = [y * width + x]
  while (waiting.length > 0) {
    const at = waiting.pop()!
    if (seen[at]) continue
    const row = Math.floor(at / width)
    const start = row * width
    let [from, to] = [at - start, at - start + 1]
    while (from > 0 && map[start + from - 1]! >= level) from--
    while (to < width && map[start + to]! >= level) to++
    seen.fill(1, start + from, start + to)
    span(row, from, to)
    for (const next of [row - 1, row + 1]) {
      if (next < 0 || next >= height) continue
      for (let column = from, isIn = false; column < to; column++) {
        const place = next * width + column
        const is = map[place]! >= level && !seen[place]
        if (is && !isIn) waiting.push(place)
        isIn = is
      }
    }
  }
}
