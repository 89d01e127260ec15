import type { Random } from '../../lib/random'

/** Uniform between two numbers. */
export const between = (draws: Random, low: number, high: number) => low + (high - low) * draws.uniform()

/** Between two numbers, each doubling as likely as the next. */
export const spread = (draws: Random, low: number, high: number) =>
  low * Math.exp(Math.log(high / low) * draws.uniform())

/** Smooth noise from −1 to 1 as a function of the place: random numbers on a turned grid `cell` pixels wide, blended between its corners. */
export function smoothNoise(draws: Random, cell: number): (x: number, y: number) => number {
  const salt = draws.bits()
  const angle = Math.PI * draws.uniform()
  const [cos, sin] = [Math.cos(angle) / cell, Math.sin(angle) / cell]
  const at = (i: number, j: number) => {
    let hash = Math.imul(i, 0x27d4eb2d) ^ Math.imul(j, 0x165667b1) ^ salt
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
    return ((hash ^ (hash >>> 15)) >>> 0) / 2147483648 - 1
  }
  const ease = (t: number) => t * t * (3 - 2 * t)
  return (x, y) => {
    const [u, v] = [cos * x + sin * y, cos * y - sin * x]
    const [i, j] = [Math.floor(u), Math.floor(v)]
    const [s, t] = [ease(u - i), ease(v - j)]
    const top = at(i, j) + s * (at(i + 1, j) - at(i, j))
    const bottom = at(i, j + 1) + s * (at(i + 1, j + 1) - at(i, j + 1))
    return top + t * (bottom - top)
  }
}

/** Coverage 0 to 1, [side, side], of one to three strokes that wander, their width with them. */
export function strokes(side: number, draws: Random): Float32Array {
  const out = new Float32Array(side * side)
  const count = draws.uniform() < 0.7 ? 1 : 2 + draws.integer(2)
  const thickness = spread(draws, 0.5, 4)
  const restless = spread(draws, 0.002, 0.12)
  for (let stroke = 0; stroke < count; stroke++) {
    let [x, y] = [side * draws.uniform(), side * draws.uniform()]
    let heading = 2 * Math.PI * draws.uniform()
    let turn = 0
    const length = spread(draws, 6, 1.5 * side)
    for (let gone = 0; gone < length; gone += 0.5) {
      turn = 0.95 * turn + restless * 0.3 * draws.normal()
      heading += turn
      x += 0.5 * Math.cos(heading)
      y += 0.5 * Math.sin(heading)
      stamp(out, side, x, y, thickness * Math.min(1, 0.4 + Math.min(gone, length - gone) / 6))
    }
  }
  return out
}

/** Covers a disc whose edge is one pixel wide. */
function stamp(out: Float32Array, side: number, x: number, y: number, radius: number): void {
  const reach = radius + 0.5
  for (let row = Math.max(0, Math.ceil(y - reach)); row <= Math.min(side - 1, y + reach); row++)
    for (let column = Math.max(0, Math.ceil(x - reach)); column <= Math.min(side - 1, x + reach); column++) {
      const inside = Math.min(1, radius + 0.5 - Math.hypot(column - x, row - y))
      if (inside > out[row * side + column]!) out[row * side + column] = inside
    }
}

/** Coverage 0 to 1, [side, side], of one region: anything from a diamond by an ellipse to a rectangle, its border as ragged as `ragged` allows, 0 to 1, and as wide as `soft`, a share of the region. */
export function region(
  side: number,
  draws: Random,
  { least, most, ragged, soft }: { least: number; most: number; ragged: number; soft: number },
): Float32Array {
  const out = new Float32Array(side * side)
  const half = side * spread(draws, least, most)
  const stretch = spread(draws, 0.55, 1.8)
  const [a, b] = [half * stretch, half / stretch]
  const power = spread(draws, 1, 12)
  const angle = draws.uniform() < 0.4 ? 0 : Math.PI * draws.uniform()
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const [cx, cy] = [side * draws.uniform(), side * draws.uniform()]
  const shorter = Math.min(a, b)
  const noise = smoothNoise(draws, Math.max(2, shorter * between(draws, 0.3, 1.2)))
  const depth = ragged * draws.uniform() * shorter
  const edge = Math.max(1, shorter * soft * draws.uniform())
  for (let y = 0, i = 0; y < side; y++)
    for (let x = 0; x < side; x++, i++) {
      const u = Math.abs((cos * (x - cx) + sin * (y - cy)) / a)
      const v = Math.abs((cos * (y - cy) - sin * (x - cx)) / b)
      if (u > 2 || v > 2) continue
      const inside = (1 - (u ** power + v ** power) ** (1 / power)) * shorter
      const broken = depth > 0 ? inside + depth * noise(x, y) : inside
      out[i] = Math.min(Math.max(broken / edge + 0.5, 0), 1)
    }
  return out
}
