import { open, stat } from 'node:fs/promises'
import { asNagareError, NagareError } from '../../lib/errors'
import type { NDArray } from '../../lib/ndarray'
import { openLegacy } from './legacy'
import { torchLimits, type TorchLimits } from './limits'
import { tensorNumbers } from './tensor-numbers'
import type { TorchTensor, TorchValue } from './values'
import { openTorchZip } from './zip'

export { torchLimits, type TorchLimits } from './limits'
export { numpyNumbers } from './numpy'
export { plainValue } from './plain'
export { stateDict, type StateDict } from './state-dict'
export * from './values'

/** A `.pt` file as inert records; the numbers of its tensors stay on disk until they are asked for. */
export interface TorchFile {
  readonly path: string
  readonly format: 'zip' | 'legacy'
  readonly root: TorchValue
  /** The numbers of one of its tensors, row-major: floating-point types as float32, whole ones as int32. */
  read(tensor: TorchTensor): Promise<NDArray>
  close(): Promise<void>
}

/**
 * Reads a file of `torch.save`, zip or stream, without running anything of it: pickle operations, classes and functions are closed lists of inert
 * stand-ins. Throws `unsupported` naming what lies outside of them, `corrupt` for damaged files, `bad-input` for others. Close it after use.
 */
export async function readTorchFile(path: string, options: Partial<TorchLimits> = {}): Promise<TorchFile> {
  const limits = { ...torchLimits, ...options }
  try {
    const format = await formatOf(path)
    const { root, read, close } = await (format === 'zip' ? openTorchZip : openLegacy)(path, limits)
    return { path, format, root, close, read: (tensor) => tensorNumbers(path, read, tensor) }
  } catch (thrown) {
    throw asNagareError(thrown, path)
  }
}

async function formatOf(path: string): Promise<TorchFile['format']> {
  if (!(await stat(path)).isFile())
    throw new NagareError('bad-input', `${path}: expected a checkpoint, found a folder, device or pipe.`, {
      file: path,
    })
  const handle = await open(path)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0)
    if (buffer.readUInt32LE() === 0x04034b50) return 'zip'
    if (bytesRead > 2 && buffer[0] === 0x80 && buffer[1]! <= 5) return 'legacy'
    const old = buffer.toString('latin1', 257, 262) === 'ustar' ? ' (the tar format of before 2017 is not read)' : ''
    throw new NagareError('bad-input', `${path} is no file of PyTorch's torch.save${old}.`, {
      file: path,
      hint: 'Choose a .pt or .pth checkpoint.',
    })
  } finally {
    await handle.close()
  }
}
