import { random } from '../lib/random'
import type { AudioWriter } from './audio'
import { blockLength, quantizer } from './quantize'
import { outputFile } from '../lib/output-file'

export type SampleFormat = 's16' | 's24' | 'f32'

export interface WavOptions {
  /** Hz. */
  sampleRate: number
  channels: number
  format: SampleFormat
  /** Adds triangular noise of ±1 step before rounding to integers. */
  dither?: boolean
  /** Size of the sample data in bytes from which the file becomes RF64. */
  rf64From?: number
  /** RIFF chunks that follow the samples, an even number of bytes. */
  trailer?: Uint8Array
  /** Need not survive a power cut: saves waiting for the disk. */
  temporary?: boolean
}

const bytesPerSample: Record<SampleFormat, number> = { s16: 2, s24: 3, f32: 4 }

/** Header of a WAV file with `frames` frames; 28 bytes are kept free so that RF64's sizes fit in later (EBU Tech 3306 §4). */
export function wavHeader(options: WavOptions, frames: number): Uint8Array {
  const { sampleRate, channels, format, rf64From = 0xffff0000 } = options
  const isFloat = format === 'f32'
  const isExtensible = channels > 2
  const blockAlign = channels * bytesPerSample[format]
  const dataBytes = frames * blockAlign
  const wide = dataBytes >= rf64From
  const formatBytes = isExtensible ? 40 : isFloat ? 18 : 16
  const factBytes = isFloat ? 12 : 0
  const length = 12 + 36 + 8 + formatBytes + factBytes + 8
  const riffBytes = length - 8 + dataBytes + (dataBytes & 1) + (options.trailer?.length ?? 0)

  const header = Buffer.alloc(length)
  header.write(wide ? 'RF64' : 'RIFF', 0, 'latin1')
  header.writeUInt32LE(wide ? 0xffffffff : riffBytes, 4)
  header.write(wide ? 'WAVEds64' : 'WAVEJUNK', 8, 'latin1')
  header.writeUInt32LE(28, 16)
  if (wide) {
    header.writeBigUInt64LE(BigInt(riffBytes), 20)
    header.writeBigUInt64LE(BigInt(dataBytes), 28)
    header.writeBigUInt64LE(BigInt(frames), 36)
  }
  header.write('fmt ', 48, 'latin1')
  header.writeUInt32LE(formatBytes, 52)
  header.writeUInt16LE(isExtensible ? 0xfffe : isFloat ? 3 : 1, 56)
  header.writeUInt16LE(channels, 58)
  header.writeUInt32LE(sampleRate, 60)
  header.writeUInt32LE(sampleRate * blockAlign > 0xffffffff ? 0 : sampleRate * blockAlign, 64)
  header.writeUInt16LE(blockAlign, 68)
  header.writeUInt16LE(8 * bytesPerSample[format], 70)
  if (isExtensible) {
    header.writeUInt16LE(22, 72)
    header.writeUInt16LE(8 * bytesPerSample[format], 74)
    header.writeUInt16LE(isFloat ? 3 : 1, 80)
    // The rest of KSDATAFORMAT_SUBTYPE_PCM and _IEEE_FLOAT.
    header.write('000000001000800000aa00389b71', 82, 'hex')
  }
  let at = 56 + formatBytes
  if (isFloat) {
    header.write('fact', at, 'latin1')
    header.writeUInt32LE(4, at + 4)
    header.writeUInt32LE(Math.min(frames, 0xffffffff), at + 8)
    at += 12
  }
  header.write('data', at, 'latin1')
  header.writeUInt32LE(wide ? 0xffffffff : dataBytes, at + 4)
  return header
}

/**
 * Starts a WAV file that appears at `path` when finished; above 4 GB it becomes RF64. Integers are rounded, clamped and
 * the clamped ones counted. Throws `disk-full`, `no-permission`; RangeError for impossible options.
 */
export async function createWav(path: string, options: WavOptions): Promise<AudioWriter> {
  const { channels, format, sampleRate } = options
  if (!Number.isInteger(channels) || channels < 1 || channels > 32)
    throw new RangeError(`A WAV file has 1 to 32 channels, got ${channels}`)
  if (!Number.isInteger(sampleRate) || sampleRate < 1)
    throw new RangeError(`A sample rate must be a positive integer, got ${sampleRate}`)
  const output = await outputFile(path, { temporary: options.temporary ?? false })
  const bytesEach = bytesPerSample[format]
  const toInteger = format === 'f32' ? null : quantizer(format === 's16' ? 16 : 24, options.dither ? random(0) : null)
  let frames = 0
  await output.append(wavHeader(options, 0))

  return {
    get clipped() {
      return toInteger?.clipped ?? 0
    },
    async write(block) {
      try {
        const count = blockLength(block, channels, path)
        if (count === 0) return
        const bytes = new Uint8Array(count * channels * bytesEach)
        if (!toInteger) {
          const floats = new Float32Array(bytes.buffer, bytes.byteOffset, count * channels)
          block.forEach((x, c) => {
            for (let i = 0, j = c; i < count; i++, j += channels) floats[j] = x[i]!
          })
        } else if (format === 's16') {
          const integers = new Int16Array(bytes.buffer, bytes.byteOffset, count * channels)
          block.forEach((x, c) => toInteger.fill(x, integers, c, channels))
        } else {
          const integers = new Int32Array(count * channels)
          block.forEach((x, c) => toInteger.fill(x, integers, c, channels))
          for (let i = 0, j = 0; i < integers.length; i++, j += 3) {
            const value = integers[i]!
            bytes[j] = value
            bytes[j + 1] = value >> 8
            bytes[j + 2] = value >> 16
          }
        }
        frames += count
        await output.append(bytes)
      } catch (thrown) {
        await output.abort()
        throw thrown
      }
    },
    async finish() {
      if ((frames * channels * bytesEach) % 2 === 1) await output.append(new Uint8Array(1))
      if (options.trailer?.length) await output.append(options.trailer)
      await output.patch(wavHeader(options, frames), 0)
      await output.finish()
    },
    abort: () => output.abort(),
  }
}
