import { extname } from 'node:path'
import { openDevice, type Device } from '../../compute'
import { openAudio, type SampleFormat } from '../../dsp'
import { NagareError } from '../../lib/errors'
import { stem } from '../../lib/names'
import { identify, type Identified } from '../../models/blow/identify'
import { voiceModel, type VoiceModel } from '../../models/blow/model'
import { oneVoice, towards, voiceNumber, type Voices } from '../../models/blow/voices'
import { openPack } from '../../packs'
import type { TaskContext, TaskOutput } from '../task'
import { convertStretch } from './convert-stretch'
import type { ConvertSettings } from './settings'
import { openSpool } from './spool'
import { survey, type Survey } from './survey'
import { writeConverted } from './write-converted'

/** What came of converting one file. */
export interface Converted {
  outputs: TaskOutput[]
  /** The settings with the voices as the model calls them, the speaker's too. */
  settings: ConvertSettings
  /** Whether the speaker was found by the likelihood, and then the mean nats per sample of the recording under each voice. */
  identified: boolean
  likelihoods: Record<string, number> | null
  /** Seconds that were converted. */
  seconds: number
  channels: number
  /** Share of the source's samples at full scale, in the channel that has most of them. */
  clippedSource: number
}

/**
 * Gives the voice in `context.source` another, in the file of the role `converted`: one channel, at the recording's rate and length; a WAV file in
 * `format` (32-bit floats if left out), or 24-bit FLAC where its name says so. Throws `bad-input` for unknown voices and silence, `cancelled`,
 * `disk-full` …, leaving nothing behind.
 */
export async function convertFile(context: TaskContext<ConvertSettings>, format?: SampleFormat): Promise<Converted> {
  const { source: path, progress, checkCancelled: check } = context
  progress({ phase: 'Loading the model', done: 0, total: 1 })
  const model = await voiceModel(await openPack(context.pack))
  const settings = named(model.voices, context.settings)
  const names = model.voices.voices.map(({ name }) => name)
  const { frame } = model.config
  const rate = model.frontEnd.sampleRate

  progress({ phase: 'Reading the recording', done: 0, total: 1 })
  const reader = await openAudio(path, { check })
  try {
    const read = (done: number, total: number) => progress({ phase: 'Reading the recording', done, total })
    const found = await survey(reader, settings, { path, rate, frame, check, read })
    const device = await openDevice(context.device, { fallback: context.fallback })
    const speaker =
      settings.from === ''
        ? await speakerOf(found, device, model, context)
        : { voice: voiceNumber(model.voices, settings.from), likelihoods: null }
    const file = context.output('converted')
    const seconds = (found.last - found.first) / found.sampleRate
    const spool = await openSpool(file)
    try {
      const level = await convertStretch(reader, device, model, {
        ...{ found, check },
        from: oneVoice(names.length, speaker.voice),
        to: towards(oneVoice(names.length, speaker.voice), shares(model.voices, settings), settings.strength),
        converted: (done) => progress({ phase: 'Converting', done, total: seconds, materialSeconds: done }),
        put: (x) => spool.write(x),
      })
      const written = (done: number) => progress({ phase: 'Writing the file', done, total: 1 })
      const { normalize } = settings
      await writeConverted(file, reader, { found, spool, level, normalize, format, check, written })
    } finally {
      await spool.remove()
    }
    const { likelihoods } = speaker
    const used = { ...settings, from: names[speaker.voice]! }
    const clippedSource = found.clipped
    const name = `${stem(context.sourceName)} (as ${voiceWords(settings)})${extname(file) || '.wav'}`
    return {
      outputs: [{ role: 'converted', file, name, settings: used, facts: { clippedSource } }],
      settings: used,
      identified: likelihoods !== null,
      likelihoods: likelihoods && Object.fromEntries(names.map((each, i) => [each, likelihoods[i]!])),
      ...{ seconds, channels: found.channels, clippedSource },
    }
  } finally {
    await reader.close()
  }
}

/** Who speaks: the likeliest of the model's voices. */
function speakerOf(
  { voiced, peak }: Survey,
  device: Device,
  model: VoiceModel,
  { progress, checkCancelled }: TaskContext<ConvertSettings>,
): Promise<Identified> {
  progress({ phase: 'Finding out who speaks', done: 0, total: 1 })
  const gain = model.frontEnd.peak / peak
  const frames = voiced.map((x) => x.map((value) => value * gain))
  return identify(device, model, frames, checkCancelled)
}

/** The voice to become in words: `Ada`, or `60 % Ada, 40 % Ben`. */
export const voiceWords = ({ to, blend, share }: ConvertSettings): string =>
  blend === '' ? to : `${Math.round(100 * (1 - share))} % ${to}, ${Math.round(100 * share)} % ${blend}`

/** The settings with their voices as the model calls them; a voice is not mixed with itself. Throws `bad-input` for none and for unknown ones. */
function named(voices: Voices, settings: ConvertSettings): ConvertSettings {
  if (settings.to === '') {
    const names = voices.voices.map(({ name }) => name).join(', ')
    throw new NagareError('bad-input', `No voice to convert to was chosen; there is: ${names}.`, {
      hint: 'Choose a voice.',
    })
  }
  const nameOf = (name: string) => (name === '' ? '' : voices.voices[voiceNumber(voices, name)]!.name)
  const [to, blend, from] = [nameOf(settings.to), nameOf(settings.blend), nameOf(settings.from)]
  return { ...settings, to, from, blend: blend === to ? '' : blend }
}

/** Shares of the model's voices: all of `to`, or `share` of `blend` in its place. */
function shares(voices: Voices, { to, blend, share }: Pick<ConvertSettings, 'to' | 'blend' | 'share'>): Float32Array {
  const result = new Float32Array(voices.voices.length)
  result[voiceNumber(voices, to)] = blend === '' ? 1 : 1 - share
  if (blend !== '') result[voiceNumber(voices, blend)] = share
  return result
}
