const clamp = (value: number) => Math.round(255 * Math.min(1, Math.max(0, value)))
const encode = (linear: number) =>
  linear <= 0.0031308 ? 12.92 * linear : 1.055 * Math.max(0, linear) ** (1 / 2.4) - 0.055

/** sRGB bytes of an OKLab colour given as lightness, chroma and hue in degrees (Ottosson 2020). */
export function oklch(lightness: number, chroma: number, hue: number): [r: number, g: number, b: number] {
  const a = chroma * Math.cos((hue * Math.PI) / 180)
  const b = chroma * Math.sin((hue * Math.PI) / 180)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    clamp(encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s)),
    clamp(encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s)),
    clamp(encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s)),
  ]
}

const mapOf = (colour: (x: number) => [number, number, number]) =>
  Uint8ClampedArray.from(Array.from({ length: 256 }, (_, i) => [...colour(i / 255), 255]).flat())
const bow = (x: number) => Math.sin(Math.PI * Math.min(1, x * 0.95 + 0.02))

/**
 * Maps of 256 colours `[r, g, b, 255]`, lightness rising (in `paper` falling) evenly, so that level is read by lightness alone: from near black through
 * teal to pale yellow, through red to pale yellow, without hue, and black on white.
 */
export const colourMaps = {
  teal: mapOf((x) => oklch(0.12 + 0.85 * x, 0.02 + 0.13 * bow(x), 265 - 160 * x)),
  fire: mapOf((x) => oklch(0.12 + 0.85 * x, 0.02 + 0.15 * bow(x), -60 + 165 * x)),
  grey: mapOf((x) => oklch(0.1 + 0.89 * x, 0, 0)),
  paper: mapOf((x) => oklch(0.99 - 0.89 * x, 0, 0)),
} as const

export const colourMap: Uint8ClampedArray = colourMaps.teal
