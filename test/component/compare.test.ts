import type { Asset, Snapshot } from '@contract'
import { beforeEach, describe, expect, test } from 'vitest'
import { compareActions } from '../../src-renderer/actions/compare'
import { answer, beginTest, compare, endTest, nextTrial, shownSounds } from '../../src-renderer/state/compare.svelte'
import { gainsOf, hear, listening, listenTo } from '../../src-renderer/state/listening.svelte'
import { applySnapshot } from '../../src-renderer/state/project.svelte'
import { select } from '../../src-renderer/state/selection.svelte'

const audio = {
  ...{ sampleRate: 16_000, channels: 1, frames: 16_000, container: 'wav', encoding: 's16', loudness: -20, peak: 0.5 },
  pcm: { offset: 44, encoding: 's16' as const },
}
const source: Asset = {
  ...{ id: 'a-0', name: 'talk.wav', kind: 'audio', bytes: 1, createdAt: '2026-11-24T10:00:00Z', sha256: '', audio },
}
const result = (n: number, more: Partial<typeof audio> = {}): Asset => ({
  ...{ id: `a-${n}`, name: `${n}.wav`, kind: 'audio', bytes: 1, sha256: '', audio: { ...audio, ...more } },
  createdAt: `2026-11-24T11:${String(n).padStart(2, '0')}:00Z`,
  origin: {
    ...{ job: `j-${n}`, task: 'enhance', role: 'clean', source: 'a-0', settings: { iterations: n }, seed: 1 },
    ...{ pack: { id: 'p', name: 'P', sha256: '' }, device: 'cpu', fallback: null, seconds: 1 },
  },
})

function hold(...assets: Asset[]) {
  applySnapshot({
    ...{ project: { name: '', folder: '' }, version: '1', jobs: [], packs: [], tasks: [], epoch: '', seq: 0 },
    ...{
      assets,
      settings: { device: 'auto', theme: 'system', language: 'system', exportFormat: 'wav-s16', tasks: {}, models: {} },
    },
    engine: { startedAt: '2026-11-24T09:00:00Z', lastExit: null },
  } as Snapshot)
  select('a-0')
  listenTo(source, shownSounds())
}

beforeEach(() => {
  compare.all = false
  compare.test = null
})

describe('what stands side by side', () => {
  test('is the source and one result, or all in the order they were made, each with its letter', () => {
    hold(source, result(1), result(2))
    expect(shownSounds().map(({ role }) => role)).toEqual(['original', 'result'])
    compareActions.compareAll.run()
    expect(shownSounds().map(({ letter, role, detail }) => [letter, role, detail])).toEqual([
      ['A', 'original', ''],
      ['B', 'take-j-1', 'iterations 1'],
      ['C', 'take-j-2', 'iterations 2'],
    ])
  })

  test('is never more than nine, and always has the chosen one', () => {
    hold(source, ...Array.from({ length: 12 }, (_, i) => result(i + 1)))
    select('a-0', 'j-1')
    compare.all = true
    const roles = shownSounds().map(({ role }) => role)
    expect(roles).toHaveLength(9)
    expect(roles).toContain('take-j-1')
    expect(roles).toContain('take-j-12')
    expect(roles).not.toContain('take-j-4')
  })
})

describe('a blind test', () => {
  test('begins only where there are two sounds, counts once a question, and ends with what was tested', () => {
    hold(source)
    expect(compareActions.blindTest.when()).toBe(false)
    hold(source, result(1))
    expect(compareActions.blindTest.when()).toBe(true)
    beginTest()
    expect(compare.test!.pair.map(({ role }) => role)).toEqual(['original', 'result'])
    expect(compareActions.difference.when() || compareActions.compareAll.when()).toBe(false)
    const right = compare.test!.trial.x
    answer(right)
    answer(right === 'a' ? 'b' : 'a')
    expect(compare.test!.answers).toEqual([true])
    nextTrial()
    answer(compare.test!.trial.x === 'a' ? 'b' : 'a')
    expect(compare.test!.answers).toEqual([true, false])
    endTest()
    expect(compare.test).toBe(null)
    expect(listening.heard).toBe('result')
  })
})

describe('gainsOf', () => {
  const decibels = (gain: number | undefined) => 20 * Math.log10(gain!)

  test('takes into account that one channel is played by both loudspeakers', () => {
    const sounds = [
      { role: 'original' as const, asset: { ...source, audio: { ...audio, channels: 2, loudness: -20 } } },
      { role: 'result' as const, asset: result(1, { loudness: -26 }) },
    ]
    const gains = gainsOf(sounds, true)
    expect(decibels(gains.result) - decibels(gains.original)).toBeCloseTo(6 - 3.01, 2)
    expect(gainsOf(sounds, false)).toEqual({ original: 1, result: 1 })
  })

  test('what differs is heard from the gains in which both are played', () => {
    hold(source, result(1))
    hear('original')
    compareActions.difference.run()
    expect([listening.heard, listening.difference]).toEqual(['result', true])
    compareActions.difference.run()
    expect([listening.heard, listening.difference]).toEqual(['result', false])
  })
})
