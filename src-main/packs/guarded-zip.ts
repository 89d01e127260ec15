import { read } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import yauzl from 'yauzl'

type Zip = Awaited<ReturnType<typeof yauzl.openPromise>>

/**
 * Opens a zip whose directory may point anywhere: places outside of the file are errors of the call that reads there. yauzl's own reader throws for places
 * beyond 2⁵³ where nobody can catch it, which ends the process. Close it after use.
 */
export async function openGuardedZip(path: string): Promise<Zip> {
  const handle = await open(path)
  let reader: GuardedReader
  try {
    reader = new GuardedReader(handle, (await handle.stat()).size)
    return await yauzl.fromRandomAccessReaderPromise(reader, reader.size, {
      ...{ lazyEntries: true, autoClose: false, validateEntrySizes: true },
    })
  } catch (thrown) {
    await handle.close()
    throw thrown
  }
}

class GuardedReader extends yauzl.RandomAccessReader {
  constructor(
    private readonly handle: Awaited<ReturnType<typeof open>>,
    readonly size: number,
  ) {
    super()
  }

  private holds(from: number, to: number): boolean {
    return from >= 0 && from <= to && to <= this.size
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    if (!this.holds(position, position + length)) return void setImmediate(() => callback(outside()))
    read(this.handle.fd, buffer, offset, length, position, (error, count) =>
      callback(error ?? (count < length ? outside() : null)),
    )
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const { fd } = this.handle
    const whole = this.holds(start, end)
    let at = start
    return new Readable({
      read(most) {
        if (!whole) return void this.destroy(outside())
        if (at >= end) return void this.push(null)
        const piece = Buffer.allocUnsafe(Math.min(Math.max(most, 65_536), end - at))
        read(fd, piece, 0, piece.length, at, (error, count) => {
          if (error ?? !count) return void this.destroy(error ?? outside())
          at += count
          this.push(piece.subarray(0, count))
        })
      },
    })
  }

  override close(callback: (error: Error | null) => void): void {
    this.handle.close().then(() => callback(null), callback)
  }
}

const outside = () => new Error('its directory points outside of it')
