import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDevice } from '../../../../src-main/compute'
import { random } from '../../../../src-main/lib/random'
import { BlowConfig, VoiceFrontEnd } from '../../../../src-main/models/blow/config'
import { drawConversions, speechLost } from '../../../../src-main/models/blow/conversions'
import { evaluateBlow } from '../../../../src-main/models/blow/evaluate'
import { metricsOf, rowsOf, type Findings } from '../../../../src-main/models/blow/findings'
import { openFrames } from '../../../../src-main/models/blow/frames'
import { openLikelihood } from '../../../../src-main/models/blow/likelihood'
import { utterancesIn } from '../../../../src-main/models/blow/speakers'
import { wordOf } from '../../../../src-main/models/blow/test-material'
import { initialWeights } from '../../../../src-main/models/blow/weights'
import type { EvaluateContext, Evaluation } from '../../../../src-main/models/family'
import { writePack } from '../../../../src-main/packs'
import { tempFolder } from '../../../helpers/folder'
import { noise, wav16 } from '../../../helpers/signals'
import { ruleVoices, spoken } from '../../../helpers/spoken'

const names = Object.keys(ruleVoices) as (keyof typeof ruleVoices)[]
const config = BlowConfig.parse({ frame: 256, blocks: 3, flows: 1, channels: 8, embedding: 4, voices: names.length })
const frontEnd = VoiceFrontEnd.parse({ sampleRate: 8000 })

/** Writes a small pack; with `bend` its couplings depend on the voice, without it they scale alike and conversion changes nothing. */
async function writeVoices(path: string, { bend, test }: { bend: number; test: string[] }) {
  const draws = random(4)
  const weights = initialWeights(config, draws)
  for (const [name, { data }] of Object.entries(weights))
    if (name.includes('.end.')) draws.fillNormal(data as Float32Array, bend)
  const voices = { voices: names.map((name) => ({ name, seconds: 10 })), test }
  const provenance = { data: [], command: '', seed: 4, steps: 0, seconds: null, device: null, notes: '' }
  await writePack(
    path,
    {
      kind: 'blow',
      name: 'Test',
      description: '',
      licence: 'none',
      config: { ...config },
      frontEnd,
      provenance,
      metrics: [],
    },
    weights,
    { 'speakers.json': Buffer.from(JSON.stringify(voices)) },
  )
  return weights
}

/** Takes 0 to `takes` of every word by every voice, below a folder, named by `name`. */
async function writeTakes(folder: string, takes: number, name: (voice: string, word: number, take: number) => string) {
  for (const voice of names)
    for (const word of [0, 1, 2])
      for (let take = 0; take < takes; take++) {
        const file = join(folder, name(voice, word, take))
        await mkdir(dirname(file), { recursive: true })
        await writeFile(file, wav16(spoken(ruleVoices[voice], word, take), 8000))
      }
}

const contextOf = (folder: string, set: Record<string, string>): EvaluateContext => ({
  ...{ data: join(folder, 'data'), pack: join(folder, 'voices.nagare'), device: 'cpu', seed: 3, set },
  ...{ progress: () => {}, checkCancelled: () => {} },
})

const valuesOf = ({ metrics }: Evaluation) => Object.fromEntries(metrics.map(({ name, value }) => [name, value]))

describe('evaluateBlow', () => {
  it('finds that a model which changes nothing deceives nobody and keeps every word', async () => {
    const folder = await tempFolder()
    const pattern = '{digit}_{speaker}_{take}'
    await writeTakes(join(folder, 'data'), 6, (voice, word, take) => `${word}_${voice}_${take}.wav`)
    await writeFile(join(folder, 'data', '0_stranger_0.wav'), wav16(spoken(ruleVoices.low, 0, 9), 8000))
    const test = ['0_4', '1_5', '2_5']
    const weights = await writeVoices(join(folder, 'voices.nagare'), { bend: 0, test })
    const phases = new Set<string>()
    const found = await evaluateBlow({
      ...contextOf(folder, { names: pattern }),
      progress: ({ phase }) => phases.add(phase),
    })
    const values = valuesOf(found)
    expect(Object.keys(values)).toEqual([
      'test likelihood',
      'likelihood under the mean embedding',
      'likelihood under other voices',
      'speakers identified by likelihood',
      'spoofing rate',
      'conversions taken for their source',
      'speaker judge on real recordings',
      'content judge on conversions',
      'content judge on real recordings',
      'content kept',
      'speech lost in conversions',
      'log-spectral distance of conversions',
      'log-spectral distance of round trips',
      'reconstruction error of round trips',
    ])
    expect(values).toMatchObject({
      'spoofing rate': 0,
      'conversions taken for their source': 100,
      'speaker judge on real recordings': 100,
      'content judge on real recordings': 100,
      'content kept': 100,
      'speech lost in conversions': 0,
    })
    // All voices are equally likely, so the first is taken.
    expect(values['speakers identified by likelihood']).toBeCloseTo(100 / 3, 6)
    expect(values['likelihood under other voices']).toBeCloseTo(values['test likelihood']!, 4)
    expect(values['log-spectral distance of round trips']).toBeLessThan(0.2)
    // What is left is the bound on samples above 0.97.
    expect(values['reconstruction error of round trips']).toBeLessThan(-40)

    const device = await openDevice('cpu')
    const kept = (await utterancesIn([join(folder, 'data')], pattern)).filter(({ id }) => test.includes(id))
    const frames = await openFrames(kept, names, frontEnd, config.frame, {
      scratch: join(folder, 'scratch'),
      seed: 1,
      read: () => {},
    })
    const likelihood = await openLikelihood(device, { config, weights }, frames.count)
    const { audio, speaker } = await frames.at(0, frames.count)
    const scores = await likelihood.score(audio!, speaker!)
    await frames.close()
    await likelihood.dispose()
    expect(values['test likelihood']).toBeCloseTo(scores.reduce((sum, x) => sum + x, 0) / scores.length, 3)

    expect(found.rows.map(({ voice, utterances, conversions }) => [voice, utterances, conversions])).toEqual(
      names.map((name) => [name, 3, 6]),
    )
    expect(found.rows[1]).toMatchObject({ recognised: 100, spoofing: 0, content: 100, understood: 100 })
    for (const part of [
      '9 of the 9 utterances in data that the pack names as kept for the test',
      '1 speakers that the model does not know left out',
      `mean over ${frames.count} frames`,
      'trained here on 45 other recordings',
      'content judge (the cepstra in time stretched to one length, among 3: 0 1 2)',
      'Conversions: 18, all there are',
      'seed 3',
    ])
      expect(found.protocol).toContain(part)
    expect([...phases]).toEqual(expect.arrayContaining(['Training the content judge', 'Likelihood', 'Converting']))
  })

  it('judges no content where names do not tell it, splits what the pack does not, and is the same at every call', async () => {
    const folder = await tempFolder()
    await writeTakes(join(folder, 'data'), 3, (voice, word, take) => join(voice, `${voice}_${word}-${take}.wav`))
    await writeVoices(join(folder, 'voices.nagare'), { bend: 0.3, test: ['other'] })
    const of = contextOf(folder, { conversions: '4', learned: '4', utterances: '12' })
    const found = await evaluateBlow(of)
    const values = valuesOf(found)
    expect(Object.keys(values).filter((name) => name.includes('content'))).toEqual([])
    expect(found.rows.every((row) => !('content' in row))).toBe(true)
    expect(values['likelihood under other voices']).not.toBe(values['test likelihood'])
    for (const part of [
      '12 of all 27 utterances in data, none of which the pack names as kept for the test; judged are 6 that no judge learned from',
      'no content judge, for the names of the files have no {digit}, {word} or {text}',
      'trained here on 12 other recordings',
      'Conversions: 4, from',
    ])
      expect(found.protocol).toContain(part)
    expect(await evaluateBlow(of)).toEqual(found)
  })

  it('refuses data without two of its voices, and settings it does not know', async () => {
    const folder = await tempFolder()
    await writeVoices(join(folder, 'voices.nagare'), { bend: 0, test: ['2'] })
    await mkdir(join(folder, 'data'))
    for (const [i, name] of ['low_1', 'low_2', 'nobody_1', 'nobody_2'].entries())
      await writeFile(join(folder, 'data', `${name}.wav`), wav16(spoken(ruleVoices.low, 0, i), 8000))
    await expect(evaluateBlow(contextOf(folder, {}))).rejects.toMatchObject({
      code: 'bad-input',
      hint: expect.stringContaining('low, middle, high'),
    })
    for (const [set, message] of [
      [{ conversions: '0' }, /--set conversions/],
      [{ sigma: '1' }, /--set.*sigma/],
      [{ names: 'voice' }, /names=voice/],
    ] as const)
      await expect(evaluateBlow(contextOf(folder, { ...set }))).rejects.toMatchObject({
        code: 'bad-input',
        message: expect.stringMatching(message),
      })
  })

  it('stops when asked to', async () => {
    const folder = await tempFolder()
    await writeTakes(join(folder, 'data'), 2, (voice, word, take) => `${voice}_${word}-${take}.wav`)
    await writeVoices(join(folder, 'voices.nagare'), { bend: 0, test: ['0-1', '1-1'] })
    const checkCancelled = () => {
      throw new Error('cancelled')
    }
    await expect(evaluateBlow({ ...contextOf(folder, {}), checkCancelled })).rejects.toThrow('cancelled')
  })
})

describe('the figures', () => {
  const trip = { distance: 1, error: 1, energy: 1000 }
  const item = { file: '', speaker: '', id: '' }
  const of = (speaker: string, word?: string) => ({ speaker, word })
  const found: Findings = {
    voices: ['a', 'b', 'c'],
    words: ['1', '2'],
    scored: [
      { ...item, voice: 0, word: '1', frames: 3, voices: Float64Array.of(4, 2, 0), average: 1 },
      { ...item, voice: 1, word: '2', frames: 1, voices: Float64Array.of(5, 0, 3), average: 5 },
    ],
    real: [
      { ...item, voice: 0, word: '1', verdict: of('a', '1'), roundTrip: trip },
      { ...item, voice: 1, word: '2', verdict: of('b', '2'), roundTrip: { ...trip, distance: 3 } },
      { ...item, voice: 1, word: '3', verdict: of('a', '1'), roundTrip: trip },
      { ...item, voice: 1, word: '1', verdict: of('b', '1'), roundTrip: trip },
    ],
    converted: [
      { from: 0, to: 1, word: '1', verdict: of('b', '1'), distance: 10, speech: { spoken: 10, lost: 5 } },
      { from: 0, to: 1, word: '1', verdict: of('a', '2'), distance: 20, speech: { spoken: 10, lost: 0 } },
      { from: 1, to: 0, word: '2', verdict: of('a', '1'), distance: 0, speech: { spoken: 20, lost: 5 } },
      { from: 1, to: 0, word: '3', verdict: of('c', '1'), distance: 10, speech: { spoken: 0, lost: 0 } },
    ],
  }

  it('are counted over all items, frames weighed alike', () => {
    expect(Object.fromEntries(metricsOf(found).map(({ name, value }) => [name, value]))).toEqual({
      'test likelihood': 3,
      'likelihood under the mean embedding': 2,
      'likelihood under other voices': 1.75,
      'speakers identified by likelihood': 50,
      'spoofing rate': 50,
      'conversions taken for their source': 25,
      'speaker judge on real recordings': 75,
      'content judge on conversions': 100 / 3,
      'content judge on real recordings': 100,
      'content kept': 100 / 3,
      'speech lost in conversions': 25,
      'log-spectral distance of conversions': 10,
      'log-spectral distance of round trips': 1.5,
      'reconstruction error of round trips': -30,
    })
  })

  it('are counted for each voice and the conversions into it', () => {
    const [a, b, ...none] = rowsOf({ ...found, scored: found.scored.slice(0, 1) })
    expect(none).toEqual([])
    expect(a).toMatchObject({
      voice: 'a',
      utterances: 1,
      conversions: 2,
      likelihood: 4,
      others: 1,
      spoofing: 50,
      content: 0,
    })
    expect(b).toMatchObject({
      voice: 'b',
      utterances: 3,
      likelihood: '–',
      identified: '–',
      spoofing: 50,
      content: 50,
      understood: 100,
    })
  })
})

describe('drawConversions', () => {
  it('takes every pair of voices in turn, and no conversion twice', () => {
    const voices = [0, 0, 0, 1, 1, 2]
    const all = drawConversions(voices, [0, 1, 2], 100, random(1))
    expect(all.length).toBe(12)
    expect(new Set(all.map((conversion) => JSON.stringify(conversion))).size).toBe(12)
    expect(all.every(({ utterance, from, to }) => voices[utterance] === from && from !== to)).toBe(true)
    expect(new Set(all.slice(0, 6).map(({ from, to }) => `${from} ${to}`)).size).toBe(6)
    expect(drawConversions(voices, [0, 1, 2], 5, random(1))).toEqual(all.slice(0, 5))
    expect(drawConversions(voices, [0, 1, 2], 12, random(2))).not.toEqual(all)
    expect(drawConversions([0, 0], [0], 5, random(1))).toEqual([])
  })
})

describe('speechLost', () => {
  it('counts what is silent beside speech, not a silence in both, whatever the mean and the level', () => {
    const x = noise(1000, 1)
    x.fill(0, 0, 200)
    expect(speechLost(x, x, 8000)).toEqual({ spoken: 10, lost: 0 })
    const y = x.map((value) => 3 * value + 0.1)
    y.fill(0.1, 800)
    expect(speechLost(x, y, 8000)).toEqual({ spoken: 10, lost: 2 })
    expect(speechLost(x, new Float32Array(1000), 8000)).toEqual({ spoken: 10, lost: 10 })
    expect(speechLost(new Float32Array(1000), x, 8000)).toEqual({ spoken: 0, lost: 0 })
  })
})

describe('wordOf', () => {
  it.each([
    ['7_12', '{digit}_{speaker}_{take}', '7'],
    ['12_7', '{take}_{speaker}_{Word}', '7'],
    ['yes-no', '{speaker}_{text}', 'yes-no'],
    ['7_12', '{speaker}_{utterance}', undefined],
  ])('reads %j by %j', (id, pattern, word) => {
    expect(wordOf(id, pattern)).toBe(word)
  })
})
