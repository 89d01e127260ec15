import type { MelFacts } from '@contract'
import { open } from 'node:fs/promises'
import { extname } from 'node:path'
import { NagareError } from '../lib/errors'
import { asMel, readNpy } from '../packs/npy'
import type { IncomingFile } from './sources'

/** Bands of the mel spectrograms that most vocoders are trained on. */
const commonBands = 80

/** Whether a file is, or by its name claims to be, an array of NumPy. */
export async function isNpy({ file, name }: IncomingFile): Promise<boolean> {
  if (extname(name).toLowerCase() === '.npy') return true
  const handle = await open(file, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(6), 0, 6, 0)
    return buffer.toString('latin1') === '\x93NUMPY'
  } finally {
    await handle.close()
  }
}

/**
 * The natural log-mel in the `.npy` file at `path` and its bytes as float32, [frames, mels]. Which side is the bands is told by `bands`, the counts that
 * the models at hand take, else by 80, else it is the shorter one. Throws what `readNpy` and `asMel` throw, and `bad-input` for one of one band or frame.
 */
export async function readMel(path: string, bands: readonly number[]): Promise<MelFacts & { bytes: Uint8Array }> {
  const array = await readNpy(path)
  const sides = array.shape.slice(-2)
  const known = [...bands, commonBands].find((count) => sides.includes(count))
  const mels = known ?? (sides.length === 2 ? Math.min(...sides) : commonBands)
  if (mels < 2 && array.data.length > 0)
    throw new NagareError('bad-input', `${path}: expected a mel spectrogram, found [${array.shape.join(', ')}].`, {
      hint: 'A mel spectrogram has two sides: frames, and bands of which there are mostly 80.',
      file: path,
    })
  const mel = asMel(array, mels, path)
  return { mels, frames: mel.length / mels, bytes: new Uint8Array(mel.buffer, mel.byteOffset, mel.byteLength) }
}
