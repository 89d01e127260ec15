import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { openAudio } from '../../../../src-main/dsp'
import { NagareError } from '../../../../src-main/lib/errors'
import type { TrainContext } from '../../../../src-main/models/family'
import { vocoderModel } from '../../../../src-main/models/waveglow/model'
import { frontEndFor, presets, rateAt, readRecipe } from '../../../../src-main/models/waveglow/recipe'
import { trainWaveGlow } from '../../../../src-main/models/waveglow/train'
import { openPack } from '../../../../src-main/packs'
import { tempFolder } from '../../../helpers/folder'
import { babble, wav16 } from '../../../helpers/signals'

let folder: string
let data: string
beforeEach(async () => {
  folder = await tempFolder()
  data = join(folder, 'voices')
  await mkdir(data)
  // One of another rate, one shorter than a crop.
  await writeFile(join(data, '0.wav'), wav16(babble(30_000, 22_050, 1), 22_050))
  await writeFile(join(data, '1.wav'), wav16(babble(24_000, 16_000, 2), 16_000))
  await writeFile(join(data, '2.wav'), wav16(babble(1500, 22_050, 3), 22_050))
  await writeFile(join(data, '3.wav'), wav16(babble(30_000, 22_050, 4), 22_050))
})

const tiny = {
  ...{ flows: '3', channels: '12', layers: '2', contextChannels: '8', segment: '4096', batch: '2', validation: '4' },
  ...{ checkpoint: '4', preview: '0', warmup: '1', learningRate: '0.003', average: '0.5' },
}

const context = (output: string, more: Partial<TrainContext> = {}): TrainContext => ({
  data: [data],
  output: join(folder, output),
  preset: 'squeezed',
  set: tiny,
  steps: 10,
  resume: false,
  device: 'cpu',
  seed: 4,
  command: 'nagare train waveglow',
  about: { name: 'Voices', data: { voices: 'CC0' } },
  progress: () => {},
  checkCancelled: () => {},
  ...more,
})

/** Stops a run once it has made `steps` steps. */
function stopAfter(steps: number): Partial<TrainContext> {
  let done = 0
  return {
    progress: ({ phase, done: now }) => (done = phase === 'Training' ? now : 0),
    checkCancelled() {
      if (done >= steps) throw new NagareError('cancelled', 'Stopped.')
    },
  }
}

describe('training WaveGlow', () => {
  it('lowers the loss, tells both figures, and leaves one whole pack and its previews', async () => {
    const notes: string[] = []
    const { steps, metrics } = await trainWaveGlow(
      context('voices.nagare', {
        steps: 60,
        set: { ...tiny, preview: '60' },
        progress: ({ note }) => void (note && notes.push(note)),
      }),
    )
    expect(steps).toBe(60)
    const losses = notes.map((note) => Number(/^loss (\S+)/.exec(note)![1]))
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 1)
    const [paper, likelihood] = metrics.map(({ value }) => value)
    // At sigma 1 the two differ by the Gaussian's constant.
    expect(likelihood).toBeCloseTo(-(paper! + 0.5 * Math.log(2 * Math.PI)), 6)

    const pack = await openPack(join(folder, 'voices.nagare'))
    expect(vocoderModel(pack).config).toMatchObject({ flows: 3, group: 128, wn: { channels: 12, layers: 2 } })
    expect(pack.manifest).toMatchObject({
      name: 'Voices',
      provenance: { data: [{ name: 'voices', licence: 'CC0', amount: '3 recordings' }], seed: 4, steps: 60 },
    })
    const [held] = /Held out: (\d)\.wav\.$/.exec(pack.manifest.provenance.notes)!.slice(1)
    expect((await readdir(folder)).sort()).toEqual(['voices', 'voices.nagare', 'voices.previews'])
    const previews = await readdir(join(folder, 'voices.previews'))
    expect(previews).toEqual([`0000060 ${held}.wav`])
    const preview = await openAudio(join(folder, 'voices.previews', previews[0]!))
    expect(preview.info).toMatchObject({ sampleRate: 22_050, channels: 1 })
    await preview.close()
  })

  it('resumes to the very same weights, bit for bit', async () => {
    await trainWaveGlow(context('whole.nagare'))
    await expect(trainWaveGlow(context('cut.nagare', stopAfter(6)))).rejects.toMatchObject({ code: 'cancelled' })
    expect((await readdir(folder)).sort()).toEqual(['cut.checkpoint.nagare', 'voices', 'whole.nagare'])
    await trainWaveGlow(context('cut.nagare', { resume: true }))
    const [whole, cut] = [await openPack(join(folder, 'whole.nagare')), await openPack(join(folder, 'cut.nagare'))]
    expect(cut.weights).toEqual(whole.weights)
    expect((await readdir(folder)).sort()).toEqual(['cut.nagare', 'voices', 'whole.nagare'])
  })

  it('trains the published shape too', async () => {
    const set = { ...{ flows: '4', earlyEvery: '2', channels: '8', layers: '2', segment: '2048', batch: '1' } }
    const { metrics } = await trainWaveGlow(
      context('full.nagare', { preset: 'full', steps: 3, set: { ...set, validation: '1', preview: '0' } }),
    )
    expect(metrics[0]!.value).toBeLessThan(1)
    const { config } = vocoderModel(await openPack(join(folder, 'full.nagare')))
    expect(config).toMatchObject({ group: 8, conditioning: { kind: 'upsampled', kernel: 1024 } })
  })

  it('refuses to resume without a checkpoint, or another run’s', async () => {
    await expect(trainWaveGlow(context('none.nagare', { resume: true }))).rejects.toMatchObject({ code: 'not-found' })
    await trainWaveGlow(context('cut.nagare', stopAfter(6))).catch(() => {})
    await expect(trainWaveGlow(context('cut.nagare', { resume: true, seed: 5 }))).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('says what is wrong with settings and data', async () => {
    const refused = (more: Partial<TrainContext>) => expect(trainWaveGlow(context('x.nagare', more))).rejects
    await refused({ set: { depth: '3' } }).toThrow(/no setting depth/)
    await refused({ set: { ...tiny, group: '100' } }).toThrow(/whole steps of 100/)
    await refused({ set: { ...tiny, segment: '4000' } }).toThrow(/no whole groups of 128/)
    await refused({ device: 'nonsense' }).toThrow(/nonsense/)
    await refused({ data: [join(folder, 'nowhere')] }).toMatchObject({ code: 'not-found' })
    await writeFile(join(data, '4.wav'), 'no sound')
    await refused({}).toMatchObject({ file: join(data, '4.wav') })
    expect((await readdir(folder)).sort()).toEqual(['voices'])
  })
})

it('has the published recipe as a preset', () => {
  const full = readRecipe({ preset: 'full', set: {}, steps: undefined })
  expect(full).toMatchObject({ flows: 12, group: 8, channels: 256, batch: 12, segment: 16_000, learningRate: 1e-4 })
  expect(rateAt(full, 400_000)).toBe(1e-4)
  expect(Object.keys(presets)[0]).toBe('squeezed')
})

it.each([
  [22_050, 8000],
  [44_100, 8000],
  [8000, 4000],
])('hears sound of %d Hz up to %d Hz', (sampleRate, fmax) => {
  const recipe = readRecipe({ preset: 'squeezed', set: { sampleRate: String(sampleRate) }, steps: undefined })
  expect(frontEndFor(recipe)).toMatchObject({ sampleRate, fmax })
})

it('raises the learning rate, holds it, and lowers it to a tenth', () => {
  const recipe = readRecipe({
    preset: 'squeezed',
    set: { learningRate: '1', warmup: '10', plateau: '0.5' },
    steps: 100,
  })
  expect(rateAt(recipe, 0)).toBeCloseTo(0.1, 12)
  expect(rateAt(recipe, 30)).toBe(1)
  expect(rateAt(recipe, 75)).toBeCloseTo(0.55, 12)
  expect(rateAt(recipe, 100)).toBeCloseTo(0.1, 12)
})
