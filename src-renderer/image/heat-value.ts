import { heatScale } from '@contract'

/** The value, 0 to 1, that a heat map's colour stands for: of the nearest colour where it is none of the scale's, as in a map shown smaller. */
export function heatValue([r, g, b]: readonly [number, number, number]): number {
  const colours = heatScale()
  const last = colours.length / 3 - 1
  let nearest = 0
  let least = Infinity
  for (let i = 0; i <= last && least > 0; i++) {
    const distance = (colours[3 * i]! - r) ** 2 + (colours[3 * i + 1]! - g) ** 2 + (colours[3 * i + 2]! - b) ** 2
    if (distance < least) [nearest, least] = [i, distance]
  }
  return nearest / last
}

/** The scale from 0 to 1 as a CSS gradient. */
export const heatGradient = (): string => {
  const colours = heatScale()
  const stops = Array.from({ length: 17 }, (_, i) => {
    const at = 3 * Math.round((i / 16) * 255)
    return `rgb(${colours.subarray(at, at + 3).join(' ')})`
  })
  return `linear-gradient(to right, ${stops.join(', ')})`
}
