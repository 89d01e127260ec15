import { extname } from 'node:path'
import { openDevice } from '../../compute'
import { createFlac, createWav, peak, type AudioWriter, type SampleFormat } from '../../dsp'
import { stem } from '../../lib/names'
import { vocoderModel } from '../../models/waveglow/model'
import { openVocoder } from '../../models/waveglow/vocoder'
import { openPack } from '../../packs'
import type { TaskContext, TaskOutput } from '../task'
import { fit } from '../fit'
import { openMelSource, type MelSource } from './mel-source'
import type { VocodeSettings } from './settings'

/** What came of vocoding one file. */
export interface Vocoded {
  outputs: TaskOutput[]
  /** Seconds of sound. */
  seconds: number
  /** Channels that were mixed to one. */
  channels: number
  /** Largest magnitude, 1 = full scale; samples beyond what the format holds were clamped, `clipped` of them. */
  peak: number
  clipped: number
}

/**
 * Vocodes `context.source` to the file of the role `vocoded`: a WAV file in `format` (32-bit floats if left out), or FLAC where its name says so
 * (24 bits if left out). The file appears when it is complete. Throws `bad-input`, `cancelled`, `disk-full` …, leaving nothing behind.
 */
export async function vocodeFile(context: TaskContext<VocodeSettings>, format?: SampleFormat): Promise<Vocoded> {
  const { settings, progress, checkCancelled } = context
  progress({ phase: 'Loading the model', done: 0, total: 1 })
  const model = vocoderModel(await openPack(context.pack))
  const source = await openMelSource(context.source, model.frontEnd, checkCancelled)
  try {
    const device = await openDevice(context.device, { precision: settings.precision, fallback: context.fallback })
    const seconds = source.samples / source.sampleRate
    const secondsPerFrame = model.frontEnd.hop / model.frontEnd.sampleRate
    const vocoder = await openVocoder(device, model, {
      sigma: settings.sigma,
      denoise: settings.denoise,
      seed: context.seed,
      step(framesDone) {
        checkCancelled()
        const materialSeconds = Math.min(seconds, framesDone * secondsPerFrame)
        progress({ phase: 'Vocoding', done: materialSeconds, total: seconds, materialSeconds })
      },
    })
    const file = context.output('vocoded')
    const rate = model.frontEnd.sampleRate
    try {
      const written = await write(
        source,
        vocoder,
        rate,
        await startWriter(file, source.sampleRate, format),
        checkCancelled,
      )
      const name = `${stem(context.sourceName)} (vocoded)${extname(file) || '.wav'}`
      return { ...written, outputs: [{ role: 'vocoded', file, name }], seconds, channels: source.channels }
    } finally {
      await vocoder.dispose()
    }
  } finally {
    await source.close()
  }
}

async function write(
  source: MelSource,
  vocoder: Awaited<ReturnType<typeof openVocoder>>,
  rate: number,
  writer: AudioWriter,
  checkCancelled: () => void,
): Promise<Pick<Vocoded, 'peak' | 'clipped'>> {
  const fitted = fit({ from: rate, to: source.sampleRate, samples: source.samples })
  let largest = 0
  const put = async (x: Float32Array) => {
    largest = Math.max(largest, peak(x))
    if (x.length > 0) await writer.write([x])
  }
  try {
    for await (const mel of source.blocks()) await put(fitted.push(await vocoder.push(mel)))
    await put(fitted.push(await vocoder.flush()))
    await put(fitted.flush())
    checkCancelled()
    await writer.finish()
    return { peak: largest, clipped: writer.clipped }
  } catch (thrown) {
    await writer.abort()
    throw thrown
  }
}

function startWriter(file: string, sampleRate: number, format: SampleFormat | undefined): Promise<AudioWriter> {
  if (extname(file).toLowerCase() === '.flac')
    return createFlac(file, { sampleRate, channels: 1, bits: format === 's16' ? 16 : 24 })
  return createWav(file, { sampleRate, channels: 1, format: format ?? 'f32', dither: format === 's16' })
}
