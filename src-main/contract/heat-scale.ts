const steps = 256
let made: Uint8Array | undefined

/**
 * The 256 colours that heat maps are drawn in, [256, 3] in sRGB, all different; the first stands for 0, the last for 1, so that a heat map's pixels say
 * the values they were drawn from. Lightness grows evenly in Oklab while the hue turns from violet over red to yellow; chroma is as large as sRGB allows,
 * up to a bound.
 */
export function heatScale(): Uint8Array {
  if (made) return made
  const colours = Array.from({ length: steps }, (_, i) => ember(i / (steps - 1))).flat()
  made = Uint8Array.from(colours, (v) => Math.round(255 * Math.min(Math.max(v, 0), 1)))
  return made
}

function ember(t: number): number[] {
  const lightness = 0.12 + 0.84 * t
  const hue = ((285 + 180 * t) * Math.PI) / 180
  let [low, high] = [0, 0.05 + 0.17 * Math.sin(Math.PI * t) ** 0.7]
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
