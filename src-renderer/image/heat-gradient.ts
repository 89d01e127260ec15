import { heatScale, type HeatColours } from '@contract'

/** A colour scale from its first to its last colour as a CSS gradient. */
export function heatGradient(name: HeatColours): string {
  const colours = heatScale(name)
  const stops = Array.from({ length: 17 }, (_, i) => {
    const at = 3 * Math.round((i / 16) * 255)
    return `rgb(${colours.subarray(at, at + 3).join(' ')})`
  })
  return `linear-gradient(to right, ${stops.join(', ')})`
}
