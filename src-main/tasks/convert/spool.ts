import { mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { partPath } from '../../lib/atomic-file'
import { asNagareError } from '../../lib/errors'

/** Samples that wait on disk between two passes over them. */
export interface Spool {
  write(x: Float32Array): Promise<void>
  /** The next samples from the front, `count` of them or what is left. */
  read(count: number): Promise<Float32Array>
  /** Removes them. */
  remove(): Promise<void>
}

/** Opens an empty spool beside `path`, the file that its samples are meant for. Throws `disk-full`, `no-permission` … naming that one. */
export async function openSpool(path: string): Promise<Spool> {
  const part = partPath(path)
  const named = (thrown: unknown): never => {
    throw asNagareError(thrown, path)
  }
  await mkdir(dirname(path), { recursive: true }).catch(named)
  const handle = await open(part, 'wx+').catch(named)
  let written = 0
  let position = 0
  return {
    async write(x) {
      const bytes = new Uint8Array(x.buffer, x.byteOffset, x.byteLength)
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, written).catch(named)
        done += bytesWritten
        written += bytesWritten
      }
    },
    async read(count) {
      const x = new Float32Array(Math.min(count, (written - position) / 4))
      const bytes = new Uint8Array(x.buffer)
      for (let done = 0; done < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, position).catch(named)
        if (bytesRead === 0) named(new Error(`${part} was cut short by another program.`))
        done += bytesRead
        position += bytesRead
      }
      return x
    },
    async remove() {
      await handle.close().catch(() => undefined)
      await rm(part, { force: true })
    },
  }
}
