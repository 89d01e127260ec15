import { describe, expect, it } from 'vitest'
import { openDevice } from '../../../../src-main/compute'
import { random } from '../../../../src-main/lib/random'
import {
  speakerJudge,
  trainJudge,
  underNoise,
  wordJudge,
  type Judged,
  type JudgeKind,
} from '../../../../src-main/models/blow/judges'
import { ruleVoices, spoken } from '../../../helpers/spoken'

const names = Object.keys(ruleVoices) as (keyof typeof ruleVoices)[]
const voices = names.map((name) => ({ name, voice: ruleVoices[name] }))
const device = await openDevice('cpu')

/** Takes of every word by every voice, labelled by what a judge of that kind is to tell. */
function takes(kind: JudgeKind, from: number, to: number, change = (x: Float32Array) => x): Judged[] {
  return voices.flatMap(({ name, voice }) =>
    [0, 1, 2].flatMap((word) =>
      Array.from({ length: to - from }, (_, i) => ({
        label: kind === speakerJudge ? name : String(word),
        features: kind.features(change(spoken(voice, word, from + i)), 8000),
      })),
    ),
  )
}

/** The kind, learning for less long. */
const quick = (kind: JudgeKind): JudgeKind => ({ ...kind, training: { ...kind.training, steps: 60 } })

async function accuracy(kind: JudgeKind, learned: Judged[], asked: Judged[], seed = 1): Promise<number> {
  const judge = await trainJudge(device, kind, learned, { seed })
  const chosen = await judge.choose(asked.map(({ features }) => features))
  await judge.dispose()
  return chosen.filter((label, i) => label === asked[i]!.label).length / asked.length
}

describe('the judges', () => {
  it.each([speakerJudge, wordJudge])('tell apart what they did not learn from: $name', async (kind) => {
    const learned = takes(kind, 0, 6)
    expect(await accuracy(quick(kind), learned, takes(kind, 6, 10))).toBeGreaterThan(0.95)
    const loud = takes(kind, 6, 10, (x) => x.map((value) => 0.05 * value))
    expect(await accuracy(quick(kind), learned, loud)).toBeGreaterThan(0.95)
    const [first, ...others] = learned.map(({ label }) => label)
    const turned = learned.map(({ features }, i) => ({
      features,
      label: [...others, first!][(i * 7) % learned.length]!,
    }))
    expect(await accuracy(quick(kind), turned, takes(kind, 6, 10))).toBeLessThan(0.7)
  })

  it('hear the same whatever the level, and something else where there is noise', () => {
    const x = spoken(ruleVoices.low, 1, 0)
    for (const kind of [speakerJudge, wordJudge]) {
      const features = kind.features(x, 8000)
      expect(
        kind.features(
          x.map((value) => value / 8),
          8000,
        ),
      ).toBeAllclose(features, { absolute: 1e-3, relative: 1e-3 })
      expect(kind.features(underNoise(x, random(1)), 8000)).not.toEqual(features)
      expect(features.every(Number.isFinite)).toBe(true)
    }
  })

  it('have features of one size for any length and rate, silence included', () => {
    for (const kind of [speakerJudge, wordJudge]) {
      const { length } = kind.features(spoken(ruleVoices.high, 0, 0), 8000)
      for (const [samples, rate] of [
        [1, 8000],
        [100, 16_000],
        [30_000, 44_100],
      ] as const) {
        const features = kind.features(new Float32Array(samples), rate)
        expect(features.length).toBe(length)
        expect(features.every(Number.isFinite)).toBe(true)
      }
    }
  })

  it('are the same for one seed, and others for another', async () => {
    const learned = takes(speakerJudge, 0, 2)
    const odd = [speakerJudge.features(underNoise(spoken(ruleVoices.middle, 0, 50), random(2)), 8000)]
    const kind = { ...speakerJudge, training: { ...speakerJudge.training, steps: 5 } }
    const of = async (seed: number) => {
      const judge = await trainJudge(device, kind, learned, { seed })
      const [p] = await judge.probabilities(odd)
      await judge.dispose()
      return [...p!]
    }
    const first = await of(3)
    expect(first.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5)
    expect(await of(3)).toEqual(first)
    expect(await of(4)).not.toEqual(first)
  })

  it('stop when asked to, and refuse to learn from one label', async () => {
    const learned = takes(speakerJudge, 0, 1)
    const step = (done: number, total: number) => {
      expect(total).toBe(200)
      if (done === 3) throw new Error('cancelled')
    }
    await expect(trainJudge(device, speakerJudge, learned, { seed: 1, step })).rejects.toThrow('cancelled')
    const one = learned.filter(({ label }) => label === 'low')
    for (const few of [one, []])
      await expect(trainJudge(device, speakerJudge, few, { seed: 1 })).rejects.toMatchObject({
        code: 'bad-input',
        message: expect.stringMatching(/speaker judge .* found (low|none)\.$/),
      })
  })
})
