import type { FileHandle } from 'node:fs/promises'

/** Writes all of `bytes` at `position` of a file, however few the system takes at a time. Throws the system's errors. */
export async function writeWhole(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** Fills `bytes` from `position` of a file, however few the system gives at a time. Throws the system's errors, RangeError where the file ends before. */
export async function readWhole(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done)
    if (bytesRead === 0)
      throw new RangeError(`Expected ${bytes.length} bytes at ${position}; the file ends after ${done} of them.`)
    done += bytesRead
  }
}
