import { readFile, stat } from 'node:fs/promises'
import { asNagareError, NagareError } from '../lib/errors'
import type { NDArray } from '../lib/ndarray'
import { parseNpy } from './npz'

/** Largest `.npy` file that is read: an hour and more of mel in float64. */
const maxBytes = 2 ** 29

/**
 * Reads one array from NumPy's `.npy`: float32, float64 (as float32), int32, int64 (as int32), little-endian, either order. Throws `not-found`, `no-permission`,
 * `bad-input` (no file, over 512 MiB), `corrupt`, `unsupported` (big-endian, objects, other types), each naming the file.
 */
export async function readNpy(path: string): Promise<NDArray> {
  try {
    const found = await stat(path)
    if (!found.isFile())
      throw new NagareError('bad-input', `${path}: expected a .npy file, found a folder, device or pipe.`, {
        file: path,
      })
    if (found.size > maxBytes)
      throw new NagareError('bad-input', `${path} has ${found.size} bytes; .npy files up to ${maxBytes} are read.`, {
        file: path,
        hint: 'Cut it into parts.',
      })
    return parseNpy(await readFile(path), path)
  } catch (thrown) {
    throw asNagareError(thrown, path)
  }
}

/** The scale that vocoders are fed with, for hints. */
const scale =
  'A mel spectrogram here is the natural logarithm of magnitudes through a mel filterbank, at least 1e-5 (so −11.5 to about 2), of samples within ±1.'

/** A natural log-mel lies between ln 1e-5 = −11.5 and about 2. */
const range: readonly [number, number] = [-12, 6]

/** Smallest values that other tools' mels pile up at. */
const foreignFloors: readonly [number, string][] = [
  [-5, 'a logarithm to base 10 with a floor of 1e-5'],
  [-10, 'a logarithm to base 10 with a floor of 1e-10'],
  [-4, 'a scale normalised to ±4'],
]

/**
 * The natural log-mel in `array` as [frames, mels], row-major. It may be [frames, mels] or [mels, frames], the latter also with a batch of one before it; where both sides
 * equal `mels` it is taken for [mels, frames], which is what Tacotron 2 and its kin write. Throws `bad-input` for another shape or type, no frames, values that are not
 * finite, and values that look like another scale: most of them outside [−12, 6], none negative, or 1 % of them at the floor of another logarithm.
 */
export function asMel({ shape, dtype, data }: NDArray, mels: number, file: string): Float32Array {
  const bad = (message: string, hint = scale) => new NagareError('bad-input', `${file}: ${message}`, { file, hint })
  const sides = shape.length === 3 && shape[0] === 1 ? shape.slice(1) : shape
  if (sides.length !== 2 || !sides.includes(mels))
    throw bad(
      `expected a mel spectrogram, [frames, ${mels}] or [${mels}, frames], found an array of shape [${shape.join(', ')}].`,
      `The model was trained on ${mels} mel bands; make the spectrogram with as many.`,
    )
  if (!(data instanceof Float32Array)) throw bad(`expected a mel spectrogram in float32 or float64, found ${dtype}.`)
  const frames = data.length / mels
  if (frames === 0) throw bad('expected a mel spectrogram, found one without frames.')
  checkValues(data, bad)
  if (sides[0] !== mels) return data.slice()
  const out = new Float32Array(data.length)
  for (let m = 0; m < mels; m++) for (let t = 0; t < frames; t++) out[t * mels + m] = data[m * frames + t]!
  return out
}

function checkValues(data: Float32Array, bad: (message: string, hint?: string) => NagareError): void {
  let least = Infinity
  let most = -Infinity
  let outside = 0
  for (const value of data) {
    if (!Number.isFinite(value)) throw bad(`expected finite numbers, found ${value}.`)
    least = Math.min(least, value)
    most = Math.max(most, value)
    if (value < range[0] || value > range[1]) outside++
  }
  const found = `values from ${least.toPrecision(3)} to ${most.toPrecision(3)}`
  if (outside > data.length / 2)
    throw bad(`expected a natural log-mel, found ${found}, which are decibels or another scale.`)
  if (least >= 0) throw bad(`expected a natural log-mel, found ${found} and none negative, which is no logarithm.`)
  const foreign = foreignFloors.find(([floor]) => Math.abs(least - floor) < 1e-4)
  if (!foreign) return
  let atFloor = 0
  for (const value of data) if (value - least < 1e-4) atFloor++
  if (atFloor > data.length / 100)
    throw bad(`expected a natural log-mel, found ${found}, many at the lowest: ${foreign[1]}.`)
}
