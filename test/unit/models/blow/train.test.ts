import { renameSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openAudio } from '../../../../src-main/dsp'
import { NagareError } from '../../../../src-main/lib/errors'
import { voiceModel } from '../../../../src-main/models/blow/model'
import { presets, rateAt, readRecipe } from '../../../../src-main/models/blow/recipe'
import { trainBlow } from '../../../../src-main/models/blow/train'
import type { TrainContext } from '../../../../src-main/models/family'
import { openPack } from '../../../../src-main/packs'
import { tempFolder } from '../../../helpers/folder'
import { tiny, trainingContext } from '../../../helpers/blow-training'
import { writeVoices } from '../../../helpers/voices'

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

const context = (output: string, more: Partial<TrainContext> = {}): TrainContext =>
  trainingContext(data, join(folder, output), more)

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

  it.each([
    ['with an average', { average: '0.5' }],
    ['with noise and compression', { augment: '2' }],
    ['after a restart', { learningRate: '0.0000001', checkpoint: '1', patience: '2', restarts: '9' }],
    ['with a base', { base: 'two.nagare' }],
  ])('resumes to the very same weights, bit for bit, %s', async (what, changed: Record<string, string>) => {
    const set: Record<string, string> = { ...tiny, ...changed }
    const more = join(folder, 'more')
    if (changed['base']) {
      await trainBlow(context(changed['base'], { steps: 1 }))
      await writeVoices(more, { names: ['cy'], count: 10, seconds: 0.5, rate: 8000 })
      set['base'] = join(folder, changed['base'])
    }
    const run = (output: string, how: Partial<TrainContext> = {}) =>
      trainBlow(context(output, { set, data: [changed['base'] ? more : data], ...how }))
    const before = await readdir(folder)
    await run('whole.nagare')
    await expect(run('cut.nagare', stopAfter(7))).rejects.toMatchObject({ code: 'cancelled' })
    expect((await readdir(folder)).sort()).toEqual([...before, 'cut.checkpoint.nagare', 'whole.nagare'].sort())

    const checkpoint = await openPack(join(folder, 'cut.checkpoint.nagare'))
    const { voices } = await voiceModel(checkpoint)
    expect(voices.voices.map(({ name }) => name)).toEqual(['ada', 'ben', ...(changed['base'] ? ['cy'] : [])])
    for (const { sample } of voices.voices)
      expect(Buffer.from(await checkpoint.file(sample!)).toString('latin1', 0, 4)).toBe('RIFF')
    const standing = JSON.parse(Buffer.from(await checkpoint.file('training.json')).toString()) as { restarts: number }
    expect(standing.restarts > 0).toBe(what === 'after a restart')

    await run('cut.nagare', { resume: true })
    const [whole, cut] = [await openPack(join(folder, 'whole.nagare')), await openPack(join(folder, 'cut.nagare'))]
    expect(cut.weights).toEqual(whole.weights)
    expect((await readdir(folder)).sort()).toEqual([...before, 'cut.nagare', 'whole.nagare'].sort())
  })

  it('starts the voices as far apart as asked', async () => {
    const table = async (spread: string) => {
      const set = { ...tiny, spread, learningRate: '1e-12' }
      await trainBlow(context('spread.nagare', { steps: 1, set }))
      return (await openPack(join(folder, 'spread.nagare'))).weights['voices']!
    }
    const [near, apart] = [await table('0.25'), await table('1')]
    expect(Array.from(near.data, (value) => 4 * value)).toBeAllclose(Array.from(apart.data), { absolute: 1e-6 })
  })

  it('leaves out who speaks where it is told to: nothing tells the voices apart afterwards', async () => {
    const apart = async (conditioned: string) => {
      const set = { ...tiny, spread: '0', learningRate: '1e-2', conditioned }
      await trainBlow(context('told.nagare', { steps: 5, set }))
      const { data, shape } = (await openPack(join(folder, 'told.nagare'))).weights['voices']!
      const size = shape[1]!
      return Math.max(...Array.from({ length: size }, (_, i) => Math.abs(data[i]! - data[size + i]!)))
    }
    expect(await apart('no')).toBeLessThan(1e-6)
    expect(await apart('yes')).toBeGreaterThan(1e-3)
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

  it('counts the recordings of each folder, however it is written and its neighbours are named', async () => {
    const second = join(home, 'people2')
    await writeVoices(second, { names: ['cy'], count: 12, seconds: 0.5, rate: 8000 })
    const folders = [`./${relative(process.cwd(), data)}`, second]
    await trainBlow(context('all.nagare', { data: folders, steps: 1 }))
    const { manifest } = await openPack(join(folder, 'all.nagare'))
    expect(manifest.provenance.data).toEqual([
      { name: 'people', licence: 'CC0', amount: '20 recordings' },
      { name: 'people2', licence: 'not stated', amount: '10 recordings' },
    ])
  })

  it('says where validation looked at what it trained on, and previews that', async () => {
    const few = join(folder, 'few')
    await writeVoices(few, { names: ['ada', 'ben'], count: 2, seconds: 2, rate: 8000 })
    await trainBlow(context('few.nagare', { data: [few], steps: 1, set: { ...tiny, preview: '1' } }))
    const { manifest } = await openPack(join(folder, 'few.nagare'))
    expect(manifest.metrics[0]!.protocol).toMatch(/^16 frames that were trained on too, there being too few utterances/)
    expect((await readdir(join(folder, 'few.previews'))).sort()).toEqual([
      '0000001 0 as ada.wav',
      '0000001 0 as ben.wav',
    ])
  })

  it('needs the recordings no more once it has read them', async () => {
    const moved = join(folder, 'moved')
    await writeVoices(moved, { names: ['ada', 'ben'], count: 10, seconds: 0.5, rate: 8000 })
    const progress: TrainContext['progress'] = ({ phase, done }) => {
      if (phase === 'Training' && done === 1) renameSync(moved, `${moved} away`)
    }
    await trainBlow(context('kept.nagare', { data: [moved], steps: 2, progress }))
    const { voices } = await voiceModel(await openPack(join(folder, 'kept.nagare')))
    expect(voices.voices.map(({ sample }) => sample)).toEqual(['voice-0.wav', 'voice-1.wav'])
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
    await refused({ device: 'nonsense' }).toMatchObject({ message: expect.stringMatching(/nonsense/) })
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
