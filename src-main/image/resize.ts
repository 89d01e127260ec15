import { picture, type Picture, type Readable } from './picture'

/** For every output pixel along one axis: where its sources start, and their weights, which sum to 1. */
interface Taps {
  readonly starts: Int32Array
  readonly weights: readonly Float64Array[]
}

/** Area averaging where `to` < `from`, linear interpolation between pixel centres where it is larger. */
function axisTaps(from: number, to: number): Taps {
  const starts = new Int32Array(to)
  const weights: Float64Array[] = []
  const step = from / to
  for (let i = 0; i < to; i++) {
    if (step >= 1) {
      const low = i * step
      const high = Math.min(from, (i + 1) * step)
      const first = Math.floor(low)
      const last = Math.min(from, Math.max(first + 1, Math.ceil(high - 1e-9)))
      starts[i] = first
      weights.push(
        Float64Array.from({ length: last - first }, (_, k) => {
          return (Math.min(high, first + k + 1) - Math.max(low, first + k)) / (high - low)
        }),
      )
    } else {
      const centre = Math.min(Math.max((i + 0.5) * step - 0.5, 0), from - 1)
      const first = Math.min(Math.floor(centre), Math.max(0, from - 2))
      starts[i] = first
      weights.push(from === 1 ? Float64Array.of(1) : Float64Array.of(1 - (centre - first), centre - first))
    }
  }
  return { starts, weights }
}

/** Resizes a picture that arrives from top to bottom. */
export interface Resizer {
  /** Takes whole rows, [rows, width, channels]. */
  push(rows: Float32Array): void
  /** The resized values [toHeight, toWidth, channels], once all rows came. */
  finish(): Float32Array
}

/** A resizer from `from` to `to`, areas averaged where it shrinks, linear where it grows; each axis by its own ratio. */
export function resizer(
  from: { width: number; height: number; channels: number },
  to: { width: number; height: number },
): Resizer {
  const { channels } = from
  const across = axisTaps(from.width, to.width)
  const down = axisTaps(from.height, to.height)
  const sums = new Float64Array(to.width * to.height * channels)
  const rowLength = to.width * channels
  let y = 0
  let firstOpen = 0
  return {
    push(rows) {
      const stride = from.width * channels
      const row = new Float64Array(rowLength)
      for (let at = 0; at < rows.length; at += stride, y++) {
        squeeze(rows, at, channels, across, row)
        while (firstOpen < to.height && down.starts[firstOpen]! + down.weights[firstOpen]!.length <= y) firstOpen++
        for (let i = firstOpen; i < to.height && down.starts[i]! <= y; i++) {
          const weight = down.weights[i]![y - down.starts[i]!] ?? 0
          if (weight !== 0) for (let k = 0, out = i * rowLength; k < rowLength; k++) sums[out + k]! += weight * row[k]!
        }
      }
    },
    finish() {
      if (y !== from.height) throw new RangeError(`${y} of ${from.height} rows were given to resize.`)
      return Float32Array.from(sums)
    },
  }
}

function squeeze(rows: Float32Array, at: number, channels: number, taps: Taps, out: Float64Array): void {
  for (let x = 0; x < taps.starts.length; x++) {
    const weights = taps.weights[x]!
    const from = at + taps.starts[x]! * channels
    for (let c = 0; c < channels; c++) {
      let sum = 0
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * rows[from + k * channels + c]!
      out[x * channels + c] = sum
    }
  }
}

/** A picture with other sides; areas averaged where it shrinks, linear where it grows. */
export function resize(source: Picture, width: number, height: number): Picture {
  if (source.width === width && source.height === height) return source
  const work = resizer(source, { width, height })
  work.push(source.data)
  return picture(width, height, source.channels, work.finish(), source.depth)
}

/** An open picture at other sides, read by bands so that memory does not grow with it. */
export function readResized(reader: Readable, width: number, height: number): Picture {
  const { info } = reader
  const work = resizer(info, { width, height })
  const rows = Math.max(1, Math.floor(2 ** 20 / info.width))
  for (let y = 0; y < info.height; y += rows)
    work.push(reader.read({ x: 0, y, width: info.width, height: Math.min(rows, info.height - y) }).data)
  return picture(width, height, info.channels, work.finish(), info.depth)
}
