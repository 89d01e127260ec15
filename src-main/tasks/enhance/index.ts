import { rm } from 'node:fs/promises'
import { extname } from 'node:path'
import { openDevice } from '../../compute'
import { createFlac, createWav, openAudio, resampler, type AudioInfo, type AudioWriter, type Planar } from '../../dsp'
import { McemSettings } from '../../models/vae-nmf/config'
import { openEnhancer } from '../../models/vae-nmf/enhancer'
import { speechModel } from '../../models/vae-nmf/model'
import { openPack } from '../../packs'
import { stem } from '../../lib/names'
import type { TaskContext, TaskDefinition, TaskOutput } from '../task'
import { restorer } from './restore-rate'
import { enhanceSettings, type EnhanceSettings } from './settings'

/** Seconds of the recording that are read at once. */
const blockSeconds = 1

/** Speech enhancement: noisy recording → clean speech, and the noise that was taken away. Any rate, any number of channels, any length. */
export const enhance: TaskDefinition<typeof enhanceSettings> = {
  id: 'enhance',
  label: 'Enhance speech',
  description: 'Takes noise away from a recording of speech.',
  accepts: ['audio'],
  packKinds: ['vae-nmf'],
  settings: enhanceSettings,
  // What is noise is learned from the sound itself.
  context: 4,
  commandOptions: ({ strength, iterations, precision }) => [
    ...['--strength', String(strength), '--iterations', String(iterations)],
    ...(precision === 'float32' ? [] : ['--precision', precision]),
  ],
  run,
}

async function run(context: TaskContext<EnhanceSettings>): Promise<TaskOutput[]> {
  const { source, sourceName, settings, seed, progress, checkCancelled } = context
  progress({ phase: 'Loading the model', done: 0, total: 1 })
  const model = speechModel(await openPack(context.pack))
  const device = await openDevice(context.device, { precision: settings.precision, fallback: context.fallback })
  const reader = await openAudio(source, { check: checkCancelled })
  const { sampleRate, channels, frames } = reader.info
  const { sampleRate: modelRate, hop } = model.frontEnd
  const seconds = frames / sampleRate
  const mcem = McemSettings.parse({ iterations: settings.iterations })
  const toModel = Array.from({ length: channels }, () => resampler(sampleRate, modelRate))
  const enhancer = openEnhancer(device, model, mcem, {
    channels,
    seed,
    step(framesDone) {
      checkCancelled()
      const materialSeconds = Math.min(seconds, (framesDone * hop) / modelRate)
      progress({ phase: 'Cleaning', done: materialSeconds, total: seconds, materialSeconds })
    },
  })
  const restored = restorer({ channels, sampleRate, modelRate, hop, strength: settings.strength })
  const writers: { file: string; writer: AudioWriter }[] = []
  const finished: string[] = []
  const open = async (role: string) => {
    const file = context.output(role)
    const writer = await startWriter(file, reader.info)
    writers.push({ file, writer })
    return writer
  }
  try {
    const clean = await open('clean')
    const noise = settings.noise ? await open('noise') : undefined
    const write = async (parts: { clean: Planar; noise: Planar }) => {
      if (parts.clean[0]!.length === 0) return
      await clean.write(parts.clean)
      await noise?.write(parts.noise)
    }
    for (;;) {
      checkCancelled()
      const block = await reader.read(Math.ceil(blockSeconds * sampleRate))
      if (!block) break
      const low = block.map((samples, channel) => toModel[channel]!.push(samples))
      await write(restored.push(block, low, await enhancer.push(low)))
    }
    const low = toModel.map((one) => one.flush())
    const last = await enhancer.push(low)
    await write(restored.push(emptyBlock(channels), low, last))
    await write(restored.flush(await enhancer.flush()))
    checkCancelled()
    for (const { file, writer } of writers) {
      await writer.finish()
      finished.push(file)
    }
  } catch (thrown) {
    for (const { writer } of writers) await writer.abort()
    for (const file of finished) await rm(file, { force: true })
    throw thrown
  } finally {
    await reader.close()
    await enhancer.dispose()
  }
  const nameOf = (role: string) => `${stem(sourceName)} (${role})${extname(context.output(role)) || '.wav'}`
  const outputs: TaskOutput[] = [{ role: 'clean', file: context.output('clean'), name: nameOf('clean') }]
  if (settings.noise) outputs.push({ role: 'noise', file: context.output('noise'), name: nameOf('noise') })
  return outputs
}

/** A FLAC file of 24 bits where the name says so, else a WAV file of 32-bit floats. */
function startWriter(file: string, { sampleRate, channels }: AudioInfo): Promise<AudioWriter> {
  return extname(file).toLowerCase() === '.flac'
    ? createFlac(file, { sampleRate, channels, bits: 24 })
    : createWav(file, { sampleRate, channels, format: 'f32' })
}

const emptyBlock = (channels: number): Planar => Array.from({ length: channels }, () => new Float32Array(0))
