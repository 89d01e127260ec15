import { heatScale, type HeatColours } from '@contract'

/** See `contract/heat-scale.ts`, which window and engine share. */
export type ScaleName = HeatColours

/** The 256 colours of a scale, [256, 3] in sRGB; the first stands for 0, the last for 1. */
export const colourScale = (name: ScaleName): Uint8Array => heatScale(name)
