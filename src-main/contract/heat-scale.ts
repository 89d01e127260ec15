/** The colour scales that maps are drawn in, the usual one first. All but `classic` grow evenly lighter; that one goes from blue over green and yellow to red. */
export const heatColours = ['ember', 'lagoon', 'grey', 'classic'] as const
export type HeatColours = (typeof heatColours)[number]

/** Values that the first and the last colour stand for. */
export interface HeatRange {
  readonly low: number
  readonly high: number
}

/** The range that is the same for every picture. */
export const fixedRange: HeatRange = { low: 0, high: 1 }

const steps = 256
const made = new Map<HeatColours, Uint8Array>()

/**
 * The 256 colours of a scale, [256, 3] in sRGB, all different; the first stands for the lowest value, the last for the highest, so that a heat map's pixels
 * say the values they were drawn from. In `ember` lightness grows evenly in Oklab while the hue turns from violet over red to yellow, in `lagoon` from
 * blue over green; chroma is as large as sRGB allows, up to a bound.
 */
export function heatScale(name: HeatColours = 'ember'): Uint8Array {
  const known = made.get(name)
  if (known) return known
  const colours = Array.from({ length: steps }, (_, i) => scales[name](i / (steps - 1))).flat()
  const scale = Uint8Array.from(colours, (v) => Math.round(255 * Math.min(Math.max(v, 0), 1)))
  made.set(name, scale)
  return scale
}

/** Which of the 256 colours a value is drawn in. */
export const heatIndex = (value: number, { low, high }: HeatRange = fixedRange): number =>
  Math.min(Math.max(Math.round((value - low) * (255 / (high - low))), 0), 255)

const scales: Record<HeatColours, (t: number) => number[]> = {
  ember: (t) => turning(t, { from: 285, to: 465, chroma: 0.05 + 0.17 * Math.sin(Math.PI * t) ** 0.7 }),
  lagoon: (t) => turning(t, { from: 285, to: 115, chroma: 0.06 + 0.12 * Math.sin(Math.PI * t) ** 0.7 }),
  grey: (t) => [t, t, t],
  // Three triangles, each a quarter of the scale apart.
  classic: (t) => [3, 2, 1].map((centre) => 1.5 - Math.abs(4 * t - centre)),
}

function turning(t: number, { from, to, chroma }: { from: number; to: number; chroma: number }): number[] {
  const lightness = 0.12 + 0.84 * t
  const hue = ((from + (to - from) * t) * Math.PI) / 180
  let [low, high] = [0, chroma]
  const at = (chroma: number) => oklabToSrgb(lightness, chroma * Math.cos(hue), chroma * Math.sin(hue))
  const inGamut = (rgb: number[]) => rgb.every((v) => v >= -1e-6 && v <= 1 + 1e-6)
  if (inGamut(at(high))) return at(high)
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2
    if (inGamut(at(middle))) low = middle
    else high = middle
  }
  return at(low)
}

/** Oklab (Ottosson, 2020) to sRGB, values 0 to 1 and beyond where the colour lies outside. */
function oklabToSrgb(lightness: number, a: number, b: number): number[] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
  return linear.map((v) => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055))
}
