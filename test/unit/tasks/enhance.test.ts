import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openAudio } from '../../../src-main/dsp'
import { NagareError } from '../../../src-main/lib/errors'
import { enhance } from '../../../src-main/tasks/enhance'
import type { TaskContext } from '../../../src-main/tasks/task'
import type { EnhanceSettings } from '../../../src-main/tasks/enhance/settings'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { babble, wav16 } from '../../helpers/signals'

const root = resolve(import.meta.dirname, '../../..')
const mp3 = join(root, 'test/golden/audio/tone-440.mp3')

/** A run on two seconds of speech whose outputs go to `out/` in a folder of its own. */
async function job(more: Partial<TaskContext<EnhanceSettings>> = {}) {
  const folder = await tempFolder()
  const source = join(folder, 'talk.wav')
  await writeFile(source, wav16(babble(32_000, 16_000)))
  const context: TaskContext<EnhanceSettings> = {
    source,
    sourceName: basename(more.source ?? source),
    settings: enhance.settings.parse({ iterations: 3 }),
    pack: join(root, 'resources/packs/speech-enhancer.nagare'),
    device: 'cpu',
    seed: 1,
    output: (role) => join(folder, 'out', `${role}.wav`),
    progress: () => {},
    checkCancelled: () => {},
    ...more,
  }
  await mkdir(join(folder, 'out'))
  return { context, folder, left: () => filesUnder(join(folder, 'out')) }
}

const stopped = () => new NagareError('cancelled', 'Stopped.')

describe('enhance', () => {
  it('names its outputs after the recording, and progress ends at its length', async () => {
    const seen: number[] = []
    const { context, folder, left } = await job({
      progress: ({ materialSeconds }) => materialSeconds !== undefined && seen.push(materialSeconds),
    })
    expect(await enhance.run(context)).toEqual([
      { role: 'clean', file: join(folder, 'out/clean.wav'), name: 'talk (clean).wav' },
      { role: 'noise', file: join(folder, 'out/noise.wav'), name: 'talk (noise).wav' },
    ])
    expect(await left()).toEqual(['clean.wav', 'noise.wav'])
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(seen.at(-1)).toBe(2)
  })

  it('writes FLAC where the name says so', async () => {
    const { context, folder } = await job()
    const settings = { ...context.settings, noise: false }
    const outputs = await enhance.run({ ...context, settings, output: (role) => join(folder, `${role}.flac`) })
    expect(outputs.map(({ name }) => name)).toEqual(['talk (clean).flac'])
    const reader = await openAudio(join(folder, 'clean.flac'))
    expect(reader.info).toMatchObject({ container: 'flac', sampleRate: 16_000, channels: 1, frames: 32_000 })
    await reader.close()
  })

  it.each([1, 4, 6])('leaves nothing when stopped at check %i', async (last) => {
    let checks = 0
    const { context, left } = await job({
      checkCancelled() {
        if (++checks === last) throw stopped()
      },
    })
    await expect(enhance.run(context)).rejects.toMatchObject({ code: 'cancelled' })
    expect(checks).toBe(last)
    expect(await left()).toEqual([])
  })

  it('stops while a compressed recording is still being decoded', async () => {
    const phases: string[] = []
    const { context, left } = await job({
      source: mp3,
      progress: ({ phase }) => phases.push(phase),
      checkCancelled() {
        throw stopped()
      },
    })
    await expect(enhance.run(context)).rejects.toMatchObject({ code: 'cancelled', message: 'Stopped.' })
    expect(phases).toEqual(['Loading the model'])
    expect(await left()).toEqual([])
  })

  it('leaves no speech without its noise when the second file cannot be put in place', async () => {
    const { context, folder, left } = await job()
    let inTheWay: Promise<unknown> | undefined
    const progress: typeof context.progress = ({ phase }) => {
      if (phase === 'Cleaning') inTheWay ??= mkdir(join(folder, 'out/noise.wav/folder'), { recursive: true })
    }
    await expect(enhance.run({ ...context, progress })).rejects.toMatchObject({ file: join(folder, 'out/noise.wav') })
    await inTheWay
    expect(await left()).toEqual([])
  })

  it('says its settings as the command line takes them', () => {
    const { commandOptions, settings } = enhance
    expect(commandOptions(settings.parse({ strength: 0.333 }))).toEqual(['--strength', '0.333', '--iterations', '50'])
  })
})
