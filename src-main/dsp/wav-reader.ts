import { open } from 'node:fs/promises'
import { asNagareError, NagareError } from '../lib/errors'
import type { AudioInfo, AudioReader } from './audio'
import { decodeSamples, refuseNonFinite } from './samples'
import { readWavLayout } from './wav-header'

/** Most bytes fetched from the disk at once. */
const fetchBytes = 1 << 20

/**
 * Opens a WAV, RF64 or BW64 file for reading in blocks; holds one block in memory whatever the file's length.
 * `shown` is the name to use in errors, `info` what to report instead of the file's own container and encoding.
 */
export async function openWav(
  path: string,
  options: { allowTruncated?: boolean; shown?: string; info?: Partial<AudioInfo> } = {},
): Promise<AudioReader> {
  const file = options.shown ?? path
  const handle = await open(path, 'r').catch((thrown: unknown) => {
    throw asNagareError(thrown, file)
  })
  try {
    const { size } = await handle.stat()
    const layout = await readWavLayout(handle, size, file, options.allowTruncated ?? false)
    const { encoding, channels, sampleRate, blockAlign, dataOffset, frames } = layout
    const info: AudioInfo = {
      sampleRate,
      channels,
      frames,
      container: 'wav',
      encoding,
      ...(layout.truncated ? { truncated: true } : {}),
      ...options.info,
    }
    const isFloat = encoding === 'f32' || encoding === 'f64'
    let position = 0
    let bytes = new Uint8Array(0)

    const fetch = async (count: number): Promise<Uint8Array> => {
      const wanted = count * blockAlign
      if (bytes.length < wanted) bytes = new Uint8Array(wanted)
      for (let done = 0; done < wanted;) {
        const at = dataOffset + position * blockAlign + done
        const { bytesRead } = await handle.read(bytes, done, wanted - done, at)
        if (bytesRead === 0)
          throw new NagareError(
            'corrupt',
            `${file}: expected ${frames} samples, the file became shorter while it was read.`,
            {
              hint: 'Close the program that writes to it and try again.',
              file,
            },
          )
        done += bytesRead
      }
      return bytes
    }

    return {
      info,
      async read(wanted) {
        const count = Math.min(wanted, frames - position)
        if (count <= 0) return null
        try {
          const perFetch = Math.max(1, Math.floor(fetchBytes / blockAlign))
          const first = Math.min(count, perFetch)
          const block = decodeSamples(await fetch(first), encoding, channels, first)
          if (isFloat) refuseNonFinite(block, position, sampleRate, file)
          position += first
          if (first === count) return block
          const whole = block.map((part) => {
            const channel = new Float32Array(count)
            channel.set(part)
            return channel
          })
          for (let done = first; done < count;) {
            const next = Math.min(perFetch, count - done)
            const part = decodeSamples(await fetch(next), encoding, channels, next)
            if (isFloat) refuseNonFinite(part, position, sampleRate, file)
            whole.forEach((channel, c) => channel.set(part[c]!, done))
            position += next
            done += next
          }
          return whole
        } catch (thrown) {
          throw asNagareError(thrown, file)
        }
      },
      async seek(frame) {
        if (!Number.isInteger(frame) || frame < 0 || frame > frames)
          throw new RangeError(`A position must be a whole number of samples from 0 to ${frames}, got ${frame}`)
        position = frame
      },
      close: () => handle.close(),
    }
  } catch (thrown) {
    await handle.close()
    throw asNagareError(thrown, file)
  }
}
