import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openAudio } from '../../../../src-main/dsp'
import { NagareError } from '../../../../src-main/lib/errors'
import { voiceModel } from '../../../../src-main/models/blow/model'
import { presets, rateAt, readRecipe } from '../../../../src-main/models/blow/recipe'
import { trainBlow } from '../../../../src-main/models/blow/train'
import type { TrainContext } from '../../../../src-main/models/family'
import { openPack } from '../../../../src-main/packs'
import { tempFolder } from '../../../helpers/folder'
import { writeVoices } from '../../../helpers/voices'

const tiny = {
  ...{ sampleRate: '8000', frame: '128', blocks: '3', flows: '2', channels: '16', embedding: '8', batch: '8' },
  ...{ warmup: '1', plateau: '1', checkpoint: '5', validation: '16', preview: '0', average: '0', quietest: '0.5' },
}

let home: string
let data: string
let folder: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'nagare-voices-'))
  data = join(home, 'people')
  await writeVoices(data, { names: ['ada', 'ben'], count: 12, seconds: 0.5, rate: 8000 })
})
afterAll(() => rm(home, { recursive: true, force: true }))
beforeEach(async () => (folder = await tempFolder()))

const context = (output: string, more: Partial<TrainContext> = {}): TrainContext => ({
  data: [data],
  output: join(folder, output),
  preset: 'small',
  set: tiny,
  steps: 10,
  resume: false,
  device: 'cpu',
  seed: 4,
  command: 'nagare train blow',
  about: { name: 'People', data: { people: 'CC0' } },
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

describe('training Blow', () => {
  it('raises the likelihood, and leaves one whole pack with its voices, their samples and previews', async () => {
    const notes: string[] = []
    const { steps, metrics } = await trainBlow(
      context('people.nagare', {
        steps: 60,
        set: { ...tiny, preview: '60' },
        progress: ({ note }) => void (note && notes.push(note)),
      }),
    )
    expect(steps).toBe(60)
    const likelihoods = notes.map((note) => Number(/^likelihood (\S+) nats/.exec(note)![1]))
    expect(likelihoods.at(-1)).toBeGreaterThan(likelihoods[0]! + 0.3)
    expect(metrics).toEqual([{ name: 'validation likelihood', value: expect.any(Number), unit: 'nats/sample' }])

    const pack = await openPack(join(folder, 'people.nagare'))
    const { config, frontEnd, voices } = await voiceModel(pack)
    expect(config).toMatchObject({ frame: 128, blocks: 3, flows: 2, voices: 2 })
    expect(frontEnd).toMatchObject({ sampleRate: 8000 })
    expect(voices.voices).toEqual([
      { name: 'ada', seconds: 5, sample: 'voice-0.wav' },
      { name: 'ben', seconds: 5, sample: 'voice-1.wav' },
    ])
    expect([voices.validation, voices.test].map(({ length }) => length)).toEqual([1, 1])
    expect(Buffer.from(await pack.file('voice-1.wav')).toString('latin1', 0, 4)).toBe('RIFF')
    expect((await readdir(folder)).sort()).toEqual(['people.nagare', 'people.previews'])
    const previews = await readdir(join(folder, 'people.previews'))
    expect(previews.sort()).toEqual([
      `0000060 ${voices.validation[0]} as ada.wav`,
      `0000060 ${voices.validation[0]} as ben.wav`,
    ])
    const preview = await openAudio(join(folder, 'people.previews', previews[0]!))
    expect(preview.info).toMatchObject({ sampleRate: 8000, channels: 1, frames: 4000 })
    await preview.close()
  })

  it('resumes to the very same weights, bit for bit', async () => {
    const set = { ...tiny, average: '0.5' }
    await trainBlow(context('whole.nagare', { set }))
    await expect(trainBlow(context('cut.nagare', { set, ...stopAfter(7) }))).rejects.toMatchObject({
      code: 'cancelled',
    })
    expect((await readdir(folder)).sort()).toEqual(['cut.checkpoint.nagare', 'whole.nagare'])
    await trainBlow(context('cut.nagare', { set, resume: true }))
    const [whole, cut] = [await openPack(join(folder, 'whole.nagare')), await openPack(join(folder, 'cut.nagare'))]
    expect(cut.weights).toEqual(whole.weights)
    expect((await readdir(folder)).sort()).toEqual(['cut.nagare', 'whole.nagare'])
  })

  it('starts over from the best weights where it diverges, and ends once it may not any more', async () => {
    const notes: string[] = []
    const wild = (learningRate: string, steps = 40) =>
      trainBlow(
        context('wild.nagare', {
          steps,
          set: { ...tiny, learningRate, checkpoint: '1', clip: '0', restarts: '2', patience: '100' },
          progress: ({ note }) => void (note && notes.push(note)),
        }),
      )
    await expect(wild('1000')).rejects.toMatchObject({
      message: expect.stringMatching(/^Training diverged: by step \d no weights/),
    })
    expect(notes.length).toBeLessThan(10)
    // A third of a too large rate learns for a while; what it learned is kept.
    const { metrics } = await wild('1.5')
    expect(notes.some((note) => note.includes('restart'))).toBe(true)
    expect(Number.isFinite(metrics[0]!.value)).toBe(true)
  })

  it('lowers its rate and, in the end, stops where validation stalls', async () => {
    const notes: string[] = []
    const { steps } = await trainBlow(
      context('stalled.nagare', {
        steps: 100,
        set: { ...tiny, learningRate: '0.0000001', checkpoint: '1', patience: '2', restarts: '1' },
        progress: ({ note }) => void (note && notes.push(note)),
      }),
    )
    expect(steps).toBeLessThan(20)
    expect(notes.at(-1)).toMatch(/1 restart$/)
  })

  it('adds a voice to a pack, moving nothing but voices and what adapts to them', async () => {
    await trainBlow(context('two.nagare', { steps: 20 }))
    const more = join(folder, 'more')
    await writeVoices(more, { names: ['ben', 'cy'], count: 10, seconds: 0.5, rate: 8000 })
    const set = { ...tiny, base: join(folder, 'two.nagare'), frame: '64', learningRate: '0.01' }
    await trainBlow(context('three.nagare', { data: [more], set, steps: 15 }))
    const [two, three] = [await openPack(join(folder, 'two.nagare')), await openPack(join(folder, 'three.nagare'))]
    const { config, voices } = await voiceModel(three)
    expect(config).toMatchObject({ frame: 128, voices: 3 })
    expect(voices.voices.map(({ name, sample }) => [name, sample])).toEqual([
      ['ada', 'voice-0.wav'],
      ['ben', 'voice-1.wav'],
      ['cy', 'voice-2.wav'],
    ])
    for (const [name, { data }] of Object.entries(three.weights)) {
      if (name === 'voices') expect(data.subarray(0, 8)).toEqual(two.weights['voices']!.data.subarray(0, 8))
      else if (/\.(kernel|offset)\./.test(name)) expect(data).not.toEqual(two.weights[name]!.data)
      else expect(data).toEqual(two.weights[name]!.data)
    }
    const again = context('again.nagare', { data: [data], set })
    await expect(trainBlow(again)).rejects.toMatchObject({ message: expect.stringMatching(/knows ada, ben already/) })
  })

  it('says what is wrong with settings and data', async () => {
    const refused = (more: Partial<TrainContext>) => expect(trainBlow(context('x.nagare', more))).rejects
    await refused({ set: { ...tiny, colour: 'red' } }).toMatchObject({
      message: expect.stringMatching(/no setting colour; there is: sampleRate/),
    })
    await refused({ set: { ...tiny, frame: '100' } }).toMatchObject({
      message: expect.stringMatching(/a frame must be a multiple of 8, found 100 samples/),
    })
    await refused({ set: { ...tiny, channels: '10' } }).toMatchObject({
      message: expect.stringMatching(/10 channels are no multiple of the 4 that block 3 keeps/),
    })
    const short = join(folder, 'short')
    await writeVoices(short, { names: ['ada', 'ben'], count: 10, seconds: 0.1, rate: 8000 })
    await refused({ data: [short] }).toMatchObject({
      message: expect.stringMatching(/There are 0\.8 s of ada to train on; a voice needs at least 3 s/),
    })
    await refused({ resume: true }).toMatchObject({ code: 'not-found' })
    expect((await readdir(folder)).sort()).toEqual(['short'])
  })
})

describe('the recipe', () => {
  it('has the published sizes as full, and smaller ones', () => {
    expect(Object.keys(presets)).toEqual(['small', 'medium', 'full'])
    const full = readRecipe({ preset: 'full', set: {}, steps: undefined })
    expect(full).toMatchObject({ frame: 4096, blocks: 8, flows: 12, channels: 512, embedding: 128, learningRate: 1e-4 })
  })

  it('warms up, falls to a hundredth and to a fifth at each restart', () => {
    const recipe = readRecipe({ preset: 'small', set: {}, steps: 1000 })
    expect(rateAt(recipe, 0, 0)).toBeCloseTo(1e-5, 8)
    expect(rateAt(recipe, 300, 0)).toBe(1e-3)
    expect(rateAt(recipe, 1000, 0)).toBeCloseTo(1e-5, 8)
    expect(rateAt(recipe, 300, 2)).toBeCloseTo(4e-5, 8)
  })
})
