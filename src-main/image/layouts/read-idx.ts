import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { asNagareError, NagareError } from '../../lib/errors'

/** Largest IDX file that is read, unpacked. */
const maxBytes = 2 ** 30

/** Reads an IDX file of bytes (LeCun's MNIST page), plain or gzipped. Throws `bad-input`, `corrupt`, `unsupported`, each naming the file. */
export async function readIdx(path: string): Promise<{ shape: number[]; data: Uint8Array }> {
  try {
    if ((await stat(path)).size > maxBytes) throw tooLarge(path)
    const file = await readFile(path)
    const bytes = file[0] === 0x1f && file[1] === 0x8b ? await unpacked(file, path) : file
    return parseIdx(bytes, path)
  } catch (thrown) {
    throw asNagareError(thrown, path)
  }
}

const tooLarge = (path: string) =>
  new NagareError('bad-input', `${path}: expected an IDX file of at most 1 GB, it holds more.`, {
    hint: 'Cut it into parts.',
    file: path,
  })

async function unpacked(file: Buffer, path: string): Promise<Buffer> {
  return promisify(gunzip)(file, { maxOutputLength: maxBytes }).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(path)
    throw new NagareError('corrupt', `${path}: expected a whole gzip file, ${(cause as Error).message}.`, {
      hint: 'Copy or download it again.',
      file: path,
      cause,
    })
  })
}

function parseIdx(bytes: Buffer, path: string): { shape: number[]; data: Uint8Array } {
  const rank = bytes[3] ?? 0
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || rank < 1 || rank > 4)
    throw new NagareError('bad-input', `${path}: expected an IDX file, its first bytes are not its mark.`, {
      file: path,
    })
  if (bytes[2] !== 8)
    throw new NagareError(
      'unsupported',
      `${path}: expected an IDX file of bytes (type 0x08), found type 0x${bytes[2]!.toString(16)}.`,
      {
        file: path,
      },
    )
  const start = 4 + 4 * rank
  const shape = bytes.length < start ? [] : Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i))
  const needed = shape.reduce((product, side) => product * side, 1)
  if (shape.length === 0 || bytes.length - start !== needed)
    throw new NagareError(
      'corrupt',
      `${path}: expected ${needed} values as its header says, found ${Math.max(0, bytes.length - start)}.`,
      { hint: 'Copy or download it again.', file: path },
    )
  return { shape, data: bytes.subarray(start) }
}
