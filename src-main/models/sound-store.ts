import { open, rm, type FileHandle } from 'node:fs/promises'
import { downmix, openAudio, resampler } from '../dsp'
import { asNagareError } from '../lib/errors'
import { readWhole, writeWhole } from '../lib/whole-blocks'

/** Samples read from a recording at a time. */
const blockSamples = 1 << 16

/** Where a recording lies in a store. */
export interface Stored {
  start: number
  samples: number
}

/** Recordings as one channel at one rate, 16 bits, in a scratch file: any stretch of them costs one short read. */
export interface SoundStore {
  /** Samples of all recordings. */
  readonly samples: number
  /** Reads a recording into the store. With `peak`, its mean is taken off and its largest sample becomes that. Throws what `openAudio` throws. */
  append(path: string, options?: { peak?: number }): Promise<Stored>
  /** `count` samples from `from` of a recording, silence beyond its ends. */
  read(recording: Stored, from: number, count: number): Promise<Float32Array<ArrayBuffer>>
  /** Removes the scratch file. */
  close(): Promise<void>
}

/** Makes a store at `sampleRate` Hz with its file at `scratch`. Throws `disk-full`, `no-permission` and their like, now and later. */
export async function openSoundStore(scratch: string, sampleRate: number): Promise<SoundStore> {
  const handle = await open(scratch, 'w+').catch(named(scratch))
  const file: Scratch = { handle, path: scratch }
  let end = 0
  return {
    get samples() {
      return end
    },
    async append(path, { peak } = {}) {
      const stored = await append(file, end, path, sampleRate)
      if (peak !== undefined) await normalise(file, stored, peak)
      end += stored.samples
      return stored
    },
    read: (recording, from, count) => read(file, recording, from, count),
    close: () => handle.close().finally(() => rm(scratch, { force: true })),
  }
}

interface Scratch {
  handle: FileHandle
  path: string
}

/** Rethrows the system's errors as of the file at `path`. */
const named = (path: string) => (thrown: unknown) => {
  throw asNagareError(thrown, path)
}

/** Writes one recording at sample `start`. */
async function append(file: Scratch, start: number, path: string, rate: number): Promise<Stored> {
  const reader = await openAudio(path)
  try {
    const converter = resampler(reader.info.sampleRate, rate)
    let samples = 0
    const add = async (x: Float32Array) => {
      await write(file, start + samples, x)
      samples += x.length
    }
    for (;;) {
      const block = await reader.read(blockSamples)
      if (!block) break
      await add(converter.push(downmix(block)))
    }
    await add(converter.flush())
    return { start, samples }
  } finally {
    await reader.close()
  }
}

async function write(file: Scratch, at: number, x: Float32Array): Promise<void> {
  const whole = Int16Array.from(x, (value) => Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768))))
  await writeWhole(file.handle, new Uint8Array(whole.buffer), 2 * at).catch(named(file.path))
}

/** Takes the mean off a stored recording and makes `peak` its largest sample; silence stays as it is. */
async function normalise(file: Scratch, recording: Stored, peak: number): Promise<void> {
  const blocks: [from: number, count: number][] = []
  for (let from = 0; from < recording.samples; from += blockSamples)
    blocks.push([from, Math.min(blockSamples, recording.samples - from)])
  let sum = 0
  let [least, most] = [Infinity, -Infinity]
  for (const [from, count] of blocks)
    for (const value of await read(file, recording, from, count)) {
      sum += value
      least = Math.min(least, value)
      most = Math.max(most, value)
    }
  const mean = sum / Math.max(1, recording.samples)
  const largest = Math.max(most - mean, mean - least)
  if (!(largest > 0)) return
  for (const [from, count] of blocks) {
    const block = await read(file, recording, from, count)
    await write(
      file,
      recording.start + from,
      block.map((value) => ((value - mean) * peak) / largest),
    )
  }
}

async function read(file: Scratch, recording: Stored, from: number, count: number): Promise<Float32Array<ArrayBuffer>> {
  const out = new Float32Array(count)
  const first = Math.max(0, from)
  const last = Math.min(recording.samples, from + count)
  if (last <= first) return out
  const bytes = new Int16Array(last - first)
  await readWhole(file.handle, new Uint8Array(bytes.buffer), 2 * (recording.start + first)).catch(named(file.path))
  for (let i = 0; i < bytes.length; i++) out[first - from + i] = bytes[i]! / 32_768
  return out
}
