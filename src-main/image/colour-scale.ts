import { heatScale } from '@contract'

/** `ember`: dark violet over red to yellow, evenly lighter; `classic`: blue, green, yellow, red, as inspection software has long had it. */
export type ScaleName = 'ember' | 'classic'

const steps = 256
let madeClassic: Uint8Array | undefined

/** The 256 colours of a scale, [256, 3] in sRGB; the first stands for 0, the last for 1. */
export function colourScale(name: ScaleName): Uint8Array {
  if (name === 'ember') return heatScale()
  madeClassic ??= Uint8Array.from(Array.from({ length: steps }, (_, i) => classic(i / (steps - 1))).flat())
  return madeClassic
}

/** Three triangles, each a quarter of the scale apart. */
const classic = (t: number): number[] =>
  [3, 2, 1].map((centre) => Math.round(255 * Math.min(Math.max(1.5 - Math.abs(4 * t - centre), 0), 1)))
