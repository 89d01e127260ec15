import flacFactory from 'libflacjs'
import { NagareError } from '../lib/errors'
import type { AudioWriter } from './audio'
import { blockLength, quantizer } from './quantize'
import { outputFile } from '../lib/output-file'

export interface FlacOptions {
  /** Hz, up to 655 350. */
  sampleRate: number
  /** 1 to 8. */
  channels: number
  bits: 16 | 24
  /** Body of the VORBIS_COMMENT block; without it the block names the encoder only. */
  comment?: Uint8Array
}

type Flac = ReturnType<typeof flacFactory>

let loading: Promise<Flac> | undefined

/**
 * Loads the encoder. Its loader tries `fetch` on a file name wherever that function exists, which Node's refuses, and
 * reads the file itself where it does not; so `fetch` is away during the synchronous part of loading.
 */
function loadFlac(): Promise<Flac> {
  loading ??= new Promise((resolve) => {
    const { fetch } = globalThis
    let flac: Flac
    try {
      Reflect.deleteProperty(globalThis, 'fetch')
      flac = flacFactory('min.wasm')
    } finally {
      globalThis.fetch = fetch
    }
    if (flac.isReady()) resolve(flac)
    else flac.on('ready', () => resolve(flac))
  })
  return loading
}

/** The head of a FLAC stream (`fLaC` and its metadata blocks) with another VORBIS_COMMENT, after STREAMINFO. */
function withComment(head: Buffer, comment: Uint8Array): Buffer {
  const parts = [head.subarray(0, 4)]
  const blocks: { type: number; body: Uint8Array }[] = []
  let at = 4
  for (let last = false; !last && at + 4 <= head.length;) {
    const length = head.readUIntBE(at + 1, 3)
    last = (head[at]! & 0x80) !== 0
    blocks.push({ type: head[at]! & 0x7f, body: head.subarray(at + 4, at + 4 + length) })
    at += 4 + length
  }
  const kept = blocks.filter(({ type }) => type !== vorbisComment)
  kept.splice(1, 0, { type: vorbisComment, body: comment })
  for (const [i, { type, body }] of kept.entries()) {
    const block = Buffer.alloc(4)
    block.writeUInt32BE(((type | (i === kept.length - 1 ? 0x80 : 0)) << 24) >>> 0)
    block.writeUIntBE(body.length, 1, 3)
    parts.push(block, Buffer.from(body))
  }
  return Buffer.concat([...parts, head.subarray(at)])
}

/** Number of that kind of metadata block (RFC 9639 §8.1). */
const vorbisComment = 4
const compressionLevel = 5
/** Offset of STREAMINFO's body: the four bytes `fLaC` and a block header stand before it (RFC 9639 §8). */
const streamInfoAt = 8

/**
 * Starts a FLAC file that appears at `path` when finished; samples are rounded to `bits`, clamped and the clamped ones counted.
 * Throws `unsupported` for more than 8 channels or rates above 655 350 Hz, `disk-full`, `no-permission`.
 */
export async function createFlac(
  path: string,
  { sampleRate, channels, bits, comment }: FlacOptions,
): Promise<AudioWriter> {
  if (channels > 8 || sampleRate > 655_350)
    throw new NagareError(
      'unsupported',
      `${path}: FLAC holds up to 8 channels and 655350 Hz, asked for ${channels} at ${sampleRate} Hz.`,
      {
        hint: 'Write a WAV file instead.',
        file: path,
      },
    )
  const flac = await loadFlac()
  const output = await outputFile(path)
  const toInteger = quantizer(bits)
  const pending: Uint8Array[] = []
  const streamInfo = Buffer.alloc(34)
  let hasInfo = false

  const encoder = flac.create_libflac_encoder(sampleRate, channels, bits, compressionLevel, 0, false, 0)
  const status = encoder
    ? flac.init_encoder_stream(
        encoder,
        (bytes) => void pending.push(bytes.slice()),
        (info) => {
          if (!info) return
          hasInfo = true
          streamInfo.writeUInt16BE(info.min_blocksize, 0)
          streamInfo.writeUInt16BE(info.max_blocksize, 2)
          streamInfo.writeUIntBE(info.min_framesize, 4, 3)
          streamInfo.writeUIntBE(info.max_framesize, 7, 3)
          const total = BigInt(info.total_samples)
          streamInfo.writeBigUInt64BE(
            (BigInt(sampleRate) << 44n) | (BigInt(channels - 1) << 41n) | (BigInt(bits - 1) << 36n) | total,
            10,
          )
          streamInfo.write(info.md5sum, 18, 'hex')
        },
      )
    : -1
  let open = encoder !== 0
  const release = () => {
    if (open) flac.FLAC__stream_encoder_delete(encoder)
    open = false
  }
  const fail = async (what: string): Promise<never> => {
    release()
    await output.abort()
    throw new NagareError('internal', `${path}: the FLAC encoder ${what}.`, {
      hint: 'Write a WAV file instead.',
      file: path,
    })
  }
  const drain = async () => {
    for (const bytes of pending.splice(0)) await output.append(bytes)
  }
  if (comment && pending.length) pending.splice(0, pending.length, withComment(Buffer.concat(pending), comment))
  if (status !== 0) await fail(`refused to start (status ${status})`)
  try {
    await drain()
  } catch (thrown) {
    release()
    throw thrown
  }

  return {
    get clipped() {
      return toInteger.clipped
    },
    async write(block) {
      try {
        const frames = blockLength(block, channels, path)
        // Small pieces keep the encoder's own copy of the samples small.
        for (let from = 0; from < frames; from += 65536) {
          const piece = block.map((x) => x.subarray(from, Math.min(frames, from + 65536)))
          const count = piece[0]!.length
          const integers = new Int32Array(count * channels)
          piece.forEach((x, c) => toInteger.fill(x, integers, c, channels))
          if (!flac.FLAC__stream_encoder_process_interleaved(encoder, integers, count)) await fail('stopped')
          await drain()
        }
      } catch (thrown) {
        release()
        await output.abort()
        throw thrown
      }
    },
    async finish() {
      try {
        if (!flac.FLAC__stream_encoder_finish(encoder)) await fail('could not finish')
        await drain()
        if (hasInfo) await output.patch(streamInfo, streamInfoAt)
        await output.finish()
      } finally {
        release()
      }
    },
    async abort() {
      release()
      await output.abort()
    },
  }
}
