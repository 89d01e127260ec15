import type { Random } from '../../lib/random'
import type { ImageShape } from '../anomaly/image-source'
import { between, spread } from './coverage'

/** What values are multiplied with, and what is added. */
export interface Light {
  gain: number
  offset: number
}
/** An image, [channels, height, width]. */
export interface Source {
  data: Float32Array
  shape: ImageShape
}

/** A value kept from −1 to 1. */
export const bounded = (value: number) => Math.min(1, Math.max(-1, value))

/** Copies the square whose upper left corner is at `left`, `top`, in another light. */
export function copySquare(
  { data, shape: [channels, height, width] }: Source,
  left: number,
  top: number,
  crop: number,
  { gain, offset }: Light,
  into: Float32Array,
): void {
  for (let c = 0, to = 0; c < channels; c++)
    for (let y = 0; y < crop; y++) {
      const from = (c * height + top + y) * width + left
      for (let x = 0; x < crop; x++, to++) into[to] = bounded(data[from + x]! * gain + offset)
    }
}

/** Least and most magnification of a varied square, and its most angle where it may not be turned, radians. */
const SCALES = [0.8, 1.3] as const
const TILT = 0.12

/** A square at a random place, turned and scaled; between pixels by cubic interpolation (Catmull & Rom, 1974), so that it is hardly softer than the rest. */
export function turnedSquare(
  { data, shape: [channels, height, width] }: Source,
  crop: number,
  { gain, offset }: Light,
  anyAngle: boolean,
  into: Float32Array,
  draws: Random,
): void {
  const angle = anyAngle ? 2 * Math.PI * draws.uniform() : TILT * (2 * draws.uniform() - 1)
  const most = Math.abs(Math.cos(angle)) + Math.abs(Math.sin(angle))
  // No larger a part than fits into the picture.
  const step = Math.min(1 / spread(draws, ...SCALES), (Math.min(width, height) - 1) / (most * crop))
  const reach = (most * step * (crop - 1)) / 2
  const x0 = between(draws, reach, width - 1 - reach)
  const y0 = between(draws, reach, height - 1 - reach)
  const [cos, sin] = [step * Math.cos(angle), step * Math.sin(angle)]
  const middle = (crop - 1) / 2
  const [across, down] = [new Float64Array(4), new Float64Array(4)]
  const within = (at: number, length: number) => Math.min(Math.max(at, 0), length - 1)
  for (let y = 0, to = 0; y < crop; y++)
    for (let x = 0; x < crop; x++, to++) {
      const u = x0 + cos * (x - middle) - sin * (y - middle)
      const v = y0 + sin * (x - middle) + cos * (y - middle)
      const [left, top] = [Math.floor(u), Math.floor(v)]
      cubic(u - left, across)
      cubic(v - top, down)
      for (let c = 0; c < channels; c++) {
        let sum = 0
        for (let row = 0; row < 4; row++) {
          const from = (c * height + within(top - 1 + row, height)) * width
          let line = 0
          for (let k = 0; k < 4; k++) line += across[k]! * data[from + within(left - 1 + k, width)]!
          sum += down[row]! * line
        }
        into[c * crop * crop + to] = bounded(sum * gain + offset)
      }
    }
}

/** Weights of the four values around a place `t` of the way between the middle two. */
function cubic(t: number, out: Float64Array): void {
  out[0] = t * (-0.5 + t * (1 - 0.5 * t))
  out[1] = 1 + t * t * (-2.5 + 1.5 * t)
  out[2] = t * (0.5 + t * (2 - 1.5 * t))
  out[3] = t * t * (-0.5 + 0.5 * t)
}

/** Turns every channel in its place: `way` from 0 to 7 is mirrored along either axis (1, 2), and along the diagonal (4). */
export function turn(image: Float32Array, crop: number, way: number): void {
  const plane = new Float32Array(crop * crop)
  for (let start = 0; start < image.length; start += plane.length) {
    plane.set(image.subarray(start, start + plane.length))
    for (let y = 0; y < crop; y++)
      for (let x = 0; x < crop; x++) {
        const [u, v] = [way & 1 ? crop - 1 - x : x, way & 2 ? crop - 1 - y : y]
        image[start + y * crop + x] = way & 4 ? plane[u * crop + v]! : plane[v * crop + u]!
      }
  }
}
