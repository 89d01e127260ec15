import type { Random } from '../lib/random'

/** Uniform between two numbers. */
const between = (rng: Random, low: number, high: number) => low + (high - low) * rng.uniform()

/** Coverage 0 to 1 of every pixel [height, width] by `inside(x, y)`, the distance in pixels that its centre lies inside the shape, softened over `edge` pixels. */
function covered(width: number, height: number, edge: number, inside: (x: number, y: number) => number): Float32Array {
  const out = new Float32Array(width * height)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) out[i] = Math.min(Math.max(inside(x, y) / edge + 0.5, 0), 1)
  return out
}

/** A bent line across 0.25 to 0.7 of the shorter side, 1.2 pixels wide or up to 3 % of the side. */
export function scratchCoverage(width: number, height: number, rng: Random): Float32Array {
  const side = Math.min(width, height)
  const half = Math.max(1.2, side * between(rng, 0.008, 0.03)) / 2
  const length = side * between(rng, 0.25, 0.7)
  const angle = Math.PI * rng.uniform()
  const bend = length * between(rng, -0.25, 0.25)
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)]
  const [cx, cy] = [width * between(rng, 0.2, 0.8), height * between(rng, 0.2, 0.8)]
  const steps = 24
  const points = Array.from({ length: steps + 1 }, (_, i) => {
    const t = i / steps - 0.5
    const side = bend * (0.25 - t * t) * 2
    return [cx + dx * length * t - dy * side, cy + dy * length * t + dx * side] as const
  })
  return covered(width, height, 1, (x, y) => {
    let nearest = Infinity
    for (let i = 0; i < steps; i++) {
      const [ax, ay] = points[i]!
      const [bx, by] = [points[i + 1]![0] - ax, points[i + 1]![1] - ay]
      const t = Math.min(Math.max(((x - ax) * bx + (y - ay) * by) / (bx * bx + by * by), 0), 1)
      nearest = Math.min(nearest, Math.hypot(x - ax - t * bx, y - ay - t * by))
    }
    return half - nearest
  })
}

/** A round shape with an uneven border, radius 5 to 13 % of the shorter side. */
export function blobCoverage(width: number, height: number, rng: Random): Float32Array {
  const side = Math.min(width, height)
  const radius = Math.max(1.5, side * between(rng, 0.05, 0.13))
  const [cx, cy] = [width * between(rng, 0.15, 0.85), height * between(rng, 0.15, 0.85)]
  const waves = [2, 3, 4, 5].map((k) => ({ k, size: between(rng, 0, 0.4 / k), phase: 2 * Math.PI * rng.uniform() }))
  return covered(width, height, 1, (x, y) => {
    const angle = Math.atan2(y - cy, x - cx)
    const border = waves.reduce((sum, { k, size, phase }) => sum + size * Math.cos(k * angle + phase), 1)
    return radius * border - Math.hypot(x - cx, y - cy)
  })
}

/** An ellipse, half-axes 10 to 25 % of the shorter side, whose edge is a third as wide as it. */
export function fadingCoverage(width: number, height: number, rng: Random): Float32Array {
  const side = Math.min(width, height)
  const [a, b] = [side * between(rng, 0.1, 0.25), side * between(rng, 0.1, 0.25)]
  const [cx, cy] = [width * between(rng, 0.2, 0.8), height * between(rng, 0.2, 0.8)]
  const angle = Math.PI * rng.uniform()
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const shorter = Math.min(a, b)
  return covered(width, height, shorter / 3, (x, y) => {
    const [u, v] = [cos * (x - cx) + sin * (y - cy), cos * (y - cy) - sin * (x - cx)]
    return (1 - Math.hypot(u / a, v / b)) * shorter
  })
}

/** A square of 10 to 25 % of the shorter side, and two places for it that do not overlap. */
export function pastePlace(
  width: number,
  height: number,
  rng: Random,
): { from: { x: number; y: number }; to: { x: number; y: number }; size: number } {
  const size = Math.max(3, Math.round(Math.min(width, height) * between(rng, 0.1, 0.25)))
  const place = () => ({ x: rng.integer(width - size + 1), y: rng.integer(height - size + 1) })
  for (;;) {
    const [from, to] = [place(), place()]
    if (Math.abs(from.x - to.x) >= size || Math.abs(from.y - to.y) >= size) return { from, to, size }
  }
}
