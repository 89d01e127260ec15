import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { random } from '../../../../src-main/lib/random'
import { BlowConfig, VoiceFrontEnd } from '../../../../src-main/models/blow/config'
import { voiceModel } from '../../../../src-main/models/blow/model'
import { trainBlow } from '../../../../src-main/models/blow/train'
import { initialWeights } from '../../../../src-main/models/blow/weights'
import type { TrainContext } from '../../../../src-main/models/family'
import { openPack, writePack } from '../../../../src-main/packs'
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

describe('training Blow from a pack', () => {
  it('adds a voice to a pack, moving nothing but voices and what adapts to them', async () => {
    await trainBlow(
      context('two.nagare', { steps: 20, about: { name: 'Two', licence: 'CC-BY-4.0', data: { people: 'CC0' } } }),
    )
    const more = join(folder, 'more')
    await writeVoices(more, { names: ['ben', 'cy'], count: 10, seconds: 0.5, rate: 8000 })
    const set = { ...tiny, base: join(folder, 'two.nagare'), frame: '64', learningRate: '0.01' }
    await trainBlow(context('three.nagare', { data: [more], set, steps: 15, about: undefined }))
    const [two, three] = [await openPack(join(folder, 'two.nagare')), await openPack(join(folder, 'three.nagare'))]
    const { config, voices } = await voiceModel(three)
    const { voices: before } = await voiceModel(two)
    expect(config).toMatchObject({ frame: 128, voices: 3 })
    // What the base kept out of its training stays out; the new data has the ids 0 … 9.
    const held = [...voices.validation, ...voices.test].filter((id) => Number(id) < 10)
    expect(voices.validation).toEqual(expect.arrayContaining(before.validation))
    expect(voices.test).toEqual(expect.arrayContaining(before.test))
    expect(voices.validation.filter((id) => voices.test.includes(id))).toEqual([])
    expect(three.manifest).toMatchObject({
      description: 'Turns a voice into another: ada, ben, cy.',
      licence: 'CC-BY-4.0',
      provenance: {
        data: [
          { name: 'people', licence: 'CC0', amount: '20 recordings' },
          { name: 'more', licence: 'not stated', amount: `${2 * (10 - held.length)} recordings` },
        ],
        notes: expect.stringContaining(`Voices added to Two (20 steps, sha256 ${two.sha256}). The weights`),
      },
    })
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
    await rename(join(more, 'ben'), join(more, 'Ben'))
    await expect(trainBlow(context('again.nagare', { data: [more], set }))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/has a voice ben; the data has Ben, alike but for case/),
    })
  })

  it('trains a pack on with its own voices, from its weights', async () => {
    const set = { ...tiny, noise: '0.002' }
    await trainBlow(context('first.nagare', { steps: 20, set, about: { name: 'First', licence: 'CC0', data: {} } }))
    const start = join(folder, 'first.nagare')
    const still = { ...set, start, frame: '64', learningRate: '1e-12', conversionNoise: '0.004' }
    await trainBlow(context('second.nagare', { steps: 1, set: still, seed: 5 }))
    const [first, second] = [await openPack(start), await openPack(join(folder, 'second.nagare'))]
    for (const [name, { data, shape }] of Object.entries(second.weights))
      expect({ data, shape }).toBeAllclose(first.weights[name]!, { relative: 1e-6, absolute: 1e-6 })
    const [before, after] = [await voiceModel(first), await voiceModel(second)]
    expect([before.frontEnd.noise, after.frontEnd.noise]).toEqual([0.002, 0.004])
    expect(after.voices).toEqual(before.voices)
    expect(second.manifest.provenance.data).toHaveLength(1)
    expect(second.manifest.provenance.notes).toContain(`Trained on from First (20 steps, sha256 ${first.sha256}). `)

    const more = join(folder, 'more')
    await writeVoices(more, { names: ['ada', 'cy'], count: 10, seconds: 0.5, rate: 8000 })
    await expect(trainBlow(context('x.nagare', { data: [more], set: { ...set, start } }))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/has the voices ada, ben; the data has ada, cy\./),
    })
    await expect(trainBlow(context('x.nagare', { set: { ...set, start, base: start } }))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/base and --set start were both given/),
    })
  })

  it('takes a base as it is: its sizes, its level, names that are paths and samples that are missing', async () => {
    const names = ['ada', '/../../../x']
    const sizes = { frame: 128, squeeze: 4, blocks: 2, flows: 1, channels: 16, kernel: 5, embedding: 4, voices: 2 }
    const config = BlowConfig.parse(sizes)
    const frontEnd = VoiceFrontEnd.parse({ sampleRate: 8000, peak: 0.5 })
    const provenance = { data: [], command: '', seed: 1, steps: 0, seconds: null, device: null, notes: '' }
    const speakers = { voices: names.map((name, i) => ({ name, seconds: 9, sample: `${i}.wav` })) }
    const base = join(folder, 'base.nagare')
    await writePack(
      base,
      { kind: 'blow', name: 'Base', description: '', licence: 'CC0', config, frontEnd, provenance, metrics: [] },
      initialWeights(config, random(1)),
      { 'speakers.json': Buffer.from(JSON.stringify(speakers)), '1.wav': Buffer.from('sound') },
    )
    const inner = join(folder, 'a', 'b', 'c')
    await mkdir(inner, { recursive: true })
    const more = join(folder, 'more')
    await writeVoices(more, { names: ['ada', 'cy'], count: 10, seconds: 0.5, rate: 8000 })
    const set = { ...tiny, base, preview: '1', sampleRate: '16000' }
    await trainBlow(context('a/b/c/new.nagare', { data: [more], set, steps: 1, about: undefined }))
    const pack = await openPack(join(inner, 'new.nagare'))
    const found = await voiceModel(pack)
    expect(found.config).toEqual({ ...config, voices: 3 })
    expect(found.frontEnd).toEqual(frontEnd)
    expect(found.voices.voices).toEqual([
      { name: 'ada', seconds: 9, sample: 'voice-0.wav' },
      { name: '/../../../x', seconds: 9, sample: 'voice-1.wav' },
      { name: 'cy', seconds: expect.any(Number), sample: 'voice-2.wav' },
    ])
    expect(Buffer.from(await pack.file('voice-1.wav')).toString()).toBe('sound')
    expect(pack.manifest.licence).toBe('CC0')
    expect((await readdir(folder)).sort()).toEqual(['a', 'base.nagare', 'more'])
    expect((await readdir(join(inner, 'new.previews'))).sort()).toEqual([
      expect.stringMatching(/^0000001 \d as _\.\._\.\._\.\._x\.wav$/),
      expect.stringMatching(/^0000001 \d as ada\.wav$/),
    ])
  })
})
