import { rm } from 'node:fs/promises'
import { extname } from 'node:path'
import { openDevice, type Device } from '../../compute'
import {
  createFlac,
  createWav,
  downmix,
  joinSignals,
  openAudio,
  resampler,
  type AudioWriter,
  type SampleFormat,
} from '../../dsp'
import { partPath } from '../../lib/atomic-file'
import { NagareError } from '../../lib/errors'
import { stem } from '../../lib/names'
import { openConverter } from '../../models/blow/converter'
import { identify } from '../../models/blow/identify'
import { voiceModel, type VoiceModel } from '../../models/blow/model'
import { voiceNumber } from '../../models/blow/voices'
import { openPack } from '../../packs'
import type { TaskContext, TaskOutput } from '../task'
import { fit } from '../fit'
import type { ConvertSettings } from './settings'
import { survey, type Survey } from './survey'

/** Peak of a result that is normalised. */
const fullLevel = 0.98
/** Seconds over which a converted stretch is faded into what lies around it. */
const fade = 0.02

/** What came of converting one file. */
export interface Converted {
  outputs: TaskOutput[]
  /** The voice that was taken for the speaker's, and whether it was found by its likelihood. */
  from: string
  identified: boolean
  /** Mean nats per sample of the recording under each voice, where it was found. */
  likelihoods: Record<string, number> | null
  /** Seconds that were converted. */
  seconds: number
  channels: number
  /** Share of the source's samples at full scale. */
  clippedSource: number
}

/**
 * Gives the voice in `context.source` another, in the file of the role `converted`: one channel, at the recording's rate and length; a WAV file in
 * `format` (32-bit floats if left out), or 24-bit FLAC where its name says so. Throws `bad-input` for unknown voices and silence, `cancelled`,
 * `disk-full` …, leaving nothing behind.
 */
export async function convertFile(context: TaskContext<ConvertSettings>, format?: SampleFormat): Promise<Converted> {
  const { settings, progress, checkCancelled } = context
  progress({ phase: 'Loading the model', done: 0, total: 1 })
  const model = await voiceModel(await openPack(context.pack))
  const names = model.voices.voices.map(({ name }) => name)
  const to = targetOf(model, settings)
  const asked = settings.from === '' ? undefined : voiceNumber(model.voices, settings.from)
  progress({ phase: 'Reading the recording', done: 0, total: 1 })
  const { frame } = model.config
  const rate = model.frontEnd.sampleRate
  const found = await survey(context.source, settings, { rate, frame, check: checkCancelled })
  const device = await openDevice(context.device, { fallback: context.fallback })
  const gain = model.frontEnd.peak / found.peak
  const identified =
    asked === undefined ? await speaker(device, model, found, gain, context) : { voice: asked, likelihoods: undefined }
  const from = Float32Array.from(names, (_, i) => (i === identified.voice ? 1 : 0))
  const file = context.output('converted')
  await convert(device, model, { found, gain, from, to, file, format }, context)
  const name = `${stem(context.sourceName)} (as ${nameOf(settings)})${extname(file) || '.wav'}`
  const used = { ...settings, from: names[identified.voice]! }
  return {
    outputs: [{ role: 'converted', file, name, settings: used }],
    from: names[identified.voice]!,
    identified: asked === undefined,
    likelihoods: identified.likelihoods
      ? Object.fromEntries(names.map((name, i) => [name, identified.likelihoods![i]!]))
      : null,
    seconds: (found.last - found.first) / found.sampleRate,
    channels: found.channels,
    clippedSource: found.clipped,
  }
}

/** The voice to become, as shares of the model's. */
function targetOf(model: VoiceModel, { to, blend, share }: ConvertSettings): Float32Array {
  const names = model.voices.voices.map(({ name }) => name)
  if (to === '')
    throw new NagareError('bad-input', `No voice to convert to was chosen; there is: ${names.join(', ')}.`, {
      hint: 'Choose a voice.',
    })
  const result = new Float32Array(names.length)
  result[voiceNumber(model.voices, to)] = blend === '' ? 1 : 1 - share
  if (blend !== '') {
    const second = voiceNumber(model.voices, blend)
    result[second] = result[second]! + share
  }
  return result
}

const nameOf = ({ to, blend, share }: ConvertSettings) =>
  blend === '' ? to : `${Math.round(100 * (1 - share))} % ${to}, ${Math.round(100 * share)} % ${blend}`

/** Who speaks: the likeliest of the model's voices. */
function speaker(
  device: Device,
  model: VoiceModel,
  { voiced, mean }: Survey,
  gain: number,
  { progress, checkCancelled }: TaskContext<ConvertSettings>,
) {
  progress({ phase: 'Finding out who speaks', done: 0, total: 1 })
  const frames = voiced.map((x) => x.map((value) => (value - mean) * gain))
  return identify(device, model, frames, checkCancelled)
}

/** Converts the stretch that was surveyed and writes the file; where it is normalised, by way of a file beside it. */
async function convert(
  device: Device,
  model: VoiceModel,
  how: {
    found: Survey
    gain: number
    from: Float32Array
    to: Float32Array
    file: string
    format: SampleFormat | undefined
  },
  context: TaskContext<ConvertSettings>,
): Promise<void> {
  const { found, gain, from, to, file, format } = how
  const { sampleRate, frames, first, last } = found
  const isWhole = first === 0 && last === frames
  const normalises = context.settings.normalize && isWhole
  const spool = partPath(file)
  const level = { sum: 0, least: Infinity, most: -Infinity }
  const target = normalises
    ? await createWav(spool, { sampleRate, channels: 1, format: 'f32', temporary: true })
    : await startWriter(file, sampleRate, format)
  const put = async (x: Float32Array) => {
    for (const value of x) {
      level.sum += value
      level.least = Math.min(level.least, value)
      level.most = Math.max(level.most, value)
    }
    if (x.length > 0) await target.write([x])
  }
  try {
    await stream(device, model, { found, gain, from, to, put }, context)
    await target.finish()
    if (normalises) {
      const mean = level.sum / frames
      const peak = Math.max(level.most - mean, mean - level.least)
      await copy(spool, await startWriter(file, sampleRate, format), mean, peak > 0 ? fullLevel / peak : 1, context)
    }
  } catch (thrown) {
    await target.abort()
    throw thrown
  } finally {
    await rm(spool, { force: true })
  }
}

/** Reads the recording, converts its stretch, fades that into the rest, and hands all of it to `put` in order. */
async function stream(
  device: Device,
  model: VoiceModel,
  how: { found: Survey; gain: number; from: Float32Array; to: Float32Array; put(x: Float32Array): Promise<void> },
  { source, progress, checkCancelled }: TaskContext<ConvertSettings>,
): Promise<void> {
  const { found, gain, from, to, put } = how
  const { sampleRate, frames, first, last, mean } = found
  const rate = model.frontEnd.sampleRate
  const seconds = (last - first) / sampleRate
  const step = (samplesDone: number) => {
    checkCancelled()
    const materialSeconds = Math.min(seconds, samplesDone / rate)
    progress({ phase: 'Converting', done: materialSeconds, total: seconds, materialSeconds })
  }
  const reader = await openAudio(source, { check: checkCancelled })
  const converter = await openConverter(device, model, { from, to, step })
  const toModel = resampler(sampleRate, rate)
  const back = fit({ from: rate, to: sampleRate, samples: last - first })
  const seams = crossfade({ ...found, length: Math.round(fade * sampleRate) })
  const ready = (x: Float32Array) => put(seams.take(x.map((value) => value / gain + mean)))
  try {
    for (let at = 0; at < frames;) {
      checkCancelled()
      const inside = at >= first && at < last
      const edge = at < first ? first : inside ? last : frames
      const block = await reader.read(Math.min(sampleRate, edge - at))
      if (!block) break
      const mono = downmix(block)
      at += mono.length
      if (!inside) await put(mono)
      else {
        seams.add(mono)
        const low = toModel.push(mono).map((value) => (value - mean) * gain)
        await ready(back.push(await converter.push(low)))
      }
      if (inside && at === last) {
        const low = toModel.flush().map((value) => (value - mean) * gain)
        await ready(back.push(await converter.push(low)))
        await ready(back.push(await converter.flush()))
        await ready(back.flush())
      }
    }
    checkCancelled()
  } finally {
    await reader.close()
    await converter.dispose()
  }
}

/** Mixes a converted stretch with the recording over `length` samples at each of its ends that are not the recording's own. */
function crossfade({ first, last, frames, length }: { first: number; last: number; frames: number; length: number }) {
  let original = new Float32Array(0)
  let done = first
  const width = Math.max(1, Math.min(length, Math.floor((last - first) / 2)))
  return {
    add(x: Float32Array) {
      original = joinSignals([original, x])
    },
    take(converted: Float32Array): Float32Array {
      const out = converted.map((value, i) => {
        const at = done + i
        const near = Math.min(first === 0 ? Infinity : at - first, last === frames ? Infinity : last - 1 - at)
        const share = Math.min(1, (near + 0.5) / width)
        return share * value + (1 - share) * original[i]!
      })
      done += converted.length
      original = original.slice(converted.length)
      return out
    },
  }
}

/** Copies a recording of one channel into `writer`, `mean` taken off and times `gain`. */
async function copy(
  path: string,
  writer: AudioWriter,
  mean: number,
  gain: number,
  { checkCancelled }: TaskContext<ConvertSettings>,
): Promise<void> {
  const reader = await openAudio(path)
  try {
    for (;;) {
      checkCancelled()
      const block = await reader.read(1 << 16)
      if (!block) break
      await writer.write([block[0]!.map((value) => (value - mean) * gain)])
    }
    await writer.finish()
  } catch (thrown) {
    await writer.abort()
    throw thrown
  } finally {
    await reader.close()
  }
}

function startWriter(file: string, sampleRate: number, format: SampleFormat | undefined): Promise<AudioWriter> {
  if (extname(file).toLowerCase() === '.flac')
    return createFlac(file, { sampleRate, channels: 1, bits: format === 's16' ? 16 : 24 })
  return createWav(file, { sampleRate, channels: 1, format: format ?? 'f32', dither: format === 's16' })
}
