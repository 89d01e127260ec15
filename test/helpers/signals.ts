import { random } from '../../src-main/lib/random'

/** A sine of `frequency` Hz, `samples` long, at `rate` Hz. */
export function tone(frequency: number, samples: number, rate: number, amplitude = 0.5): Float32Array {
  return Float32Array.from({ length: samples }, (_, n) => amplitude * Math.sin((2 * Math.PI * frequency * n) / rate))
}

/** White Gaussian noise. */
export function noise(samples: number, seed: number, scale = 0.1): Float32Array {
  return random(seed).fillNormal(new Float32Array(samples), scale)
}

/** Something speech-like for models: harmonics of a gliding pitch under a syllable-rate envelope. */
export function babble(samples: number, rate: number, seed = 1): Float32Array {
  const draw = random(seed)
  const out = new Float32Array(samples)
  let phase = 0
  for (let n = 0; n < samples; n++) {
    const t = n / rate
    phase += (2 * Math.PI * (120 + 30 * Math.sin(2 * Math.PI * 0.7 * t))) / rate
    let value = 0
    for (let h = 1; h <= 12; h++) value += Math.sin(h * phase) / h
    out[n] = 0.15 * value * Math.max(0, Math.sin(2 * Math.PI * 2.3 * t)) + 0.002 * draw.normal()
  }
  return out
}

/** Makes a RIFF chunk; odd bodies get their pad byte. */
export function riffChunk(id: string, body: Uint8Array, claimedSize = body.length): Buffer {
  const head = Buffer.alloc(8)
  head.write(id, 0, 'latin1')
  head.writeUInt32LE(claimedSize >>> 0, 4)
  return Buffer.concat([head, body, Buffer.alloc(body.length & 1)])
}

export interface WavFields {
  tag?: number
  channels?: number
  sampleRate?: number
  blockAlign?: number
  bits?: number
  /** Sub-format tag of a WAVEFORMATEXTENSIBLE header, which is written when it is given. */
  subFormat?: number
}

/** Body of a `fmt ` chunk with any field set freely, also to nonsense. */
export function formatBody(fields: WavFields = {}): Buffer {
  const { tag = 1, channels = 1, sampleRate = 16000, bits = 16, subFormat } = fields
  const blockAlign = fields.blockAlign ?? (channels * bits) / 8
  const body = Buffer.alloc(subFormat === undefined ? 16 : 40)
  body.writeUInt16LE(subFormat === undefined ? tag : 0xfffe, 0)
  body.writeUInt16LE(channels, 2)
  body.writeUInt32LE(sampleRate, 4)
  body.writeUInt32LE((sampleRate * blockAlign) >>> 0, 8)
  body.writeUInt16LE(blockAlign, 12)
  body.writeUInt16LE(bits, 14)
  if (subFormat !== undefined) {
    body.writeUInt16LE(22, 16)
    body.writeUInt16LE(bits, 18)
    body.writeUInt16LE(subFormat, 24)
    body.write('000000001000800000aa00389b71', 26, 'hex')
  }
  return body
}

/** A WAV file of the given chunks; `riff` and `size` replace the first word and the size after it. */
export function wavFile(chunks: Uint8Array[], { riff = 'RIFF', size }: { riff?: string; size?: number } = {}): Buffer {
  const body = Buffer.concat(chunks)
  const head = Buffer.alloc(12)
  head.write(riff, 0, 'latin1')
  head.writeUInt32LE((size ?? body.length + 4) >>> 0, 4)
  head.write('WAVE', 8, 'latin1')
  return Buffer.concat([head, body])
}

/** Little-endian bytes of 16-bit samples. */
export function int16Bytes(x: Float32Array): Buffer {
  const bytes = Buffer.alloc(2 * x.length)
  x.forEach((value, i) => bytes.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(value * 32768))), 2 * i))
  return bytes
}

/** A plain 16-bit mono WAV file of `x`. */
export function wav16(x: Float32Array, sampleRate = 16000): Buffer {
  return wavFile([riffChunk('fmt ', formatBody({ sampleRate })), riffChunk('data', int16Bytes(x))])
}

/** Largest absolute difference of two signals; ∞ when their lengths differ. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity
  let most = 0
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!))
  return most
}
