import { heatIndex } from '@contract'
import { colourScale, type ScaleName } from './colour-scale'

export interface HeatOptions {
  scale?: ScaleName
  /** Values shown by the first and the last colour; 0 and 1, the same for every picture of a set, if left out. */
  low?: number
  high?: number
}

/** The colours of a map's values, [n, 3], 8 bits. Values outside the scale take its end colours. */
export function heatMap(map: Float32Array, { scale = 'ember', low = 0, high = 1 }: HeatOptions = {}): Uint8Array {
  const colours = colourScale(scale)
  const out = new Uint8Array(map.length * 3)
  const range = { low, high }
  for (let i = 0; i < map.length; i++) {
    const index = 3 * heatIndex(map[i]!, range)
    out[3 * i] = colours[index]!
    out[3 * i + 1] = colours[index + 1]!
    out[3 * i + 2] = colours[index + 2]!
  }
  return out
}

/** A heat map laid over the picture values it belongs to ([n, channels], 0 to 1), [n, 3], 8 bits; opacity 0 shows the picture, 1 the heat map. */
export function overlay(
  source: { readonly channels: 1 | 3; readonly data: Float32Array },
  map: Float32Array,
  { opacity = 0.5, ...options }: HeatOptions & { opacity?: number } = {},
): Uint8Array {
  const { channels, data } = source
  if (data.length !== map.length * channels)
    throw new RangeError(`A map of ${map.length} values cannot lie over ${data.length / channels} pixels.`)
  const out = heatMap(map, options)
  for (let i = 0; i < out.length; i++) {
    const value = channels === 3 ? data[i]! : data[Math.floor(i / 3)]!
    out[i] = Math.round(opacity * out[i]! + (1 - opacity) * 255 * Math.min(Math.max(value, 0), 1))
  }
  return out
}
