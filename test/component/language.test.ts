import { mount, tick, unmount } from 'svelte'
import { afterEach, describe, expect, test } from 'vitest'
import { allActions } from '../../src-renderer/actions/all'
import { applyLanguage, applyRemembered } from '../../src-renderer/state/language'
import { clock, decimal, percent, size, span, timeOfDay } from '../../src-renderer/text/format'
import { errorWords, phaseWords, taskFields } from '../../src-renderer/text/task-words'
import { inLanguage, language, languageFor, speak, text } from '../../src-renderer/text/text.svelte'
import DropOverlay from '../../src-renderer/ui/DropOverlay.svelte'
import { panels } from '../../src-renderer/state/panels.svelte'

afterEach(() => {
  speak('en')
  panels.dropping = false
  localStorage.clear()
})

test('the first language that the window speaks is taken, English where there is none', () => {
  expect(languageFor(['fr-FR', 'ja-JP', 'en'])).toBe('ja')
  expect(languageFor(['JA'])).toBe('ja')
  expect(languageFor(['de', 'fr'])).toBe('en')
  expect(languageFor([])).toBe('en')
})

test('what is on screen follows a change of language', async () => {
  panels.dropping = true
  const overlay = mount(DropOverlay, { target: document.body })
  expect(document.body.textContent).toContain('Drop to add')
  speak('ja')
  await tick()
  expect(document.body.textContent).toContain('ドロップして追加')
  expect(document.body.textContent).not.toContain('Drop to add')
  await unmount(overlay)
})

test('the page says its language, and remembers it for the next start', () => {
  applyLanguage('ja')()
  expect(document.documentElement.lang).toBe('ja')
  speak('en')
  applyRemembered()
  expect(language()).toBe('ja')
  applyLanguage('system')()
  expect(document.documentElement.lang).toBe(languageFor(navigator.languages))
})

test('one can ask in another language without changing it', () => {
  expect(inLanguage('ja', () => text.ui.close)).toBe('閉じる')
  expect(() => inLanguage('ja', () => expect.fail())).toThrow()
  expect(text.ui.close).toBe('Close')
})

test('every action has a name in both languages', () => {
  for (const { id, label } of allActions) {
    expect(label(), id).toMatch(/[a-z]/i)
    expect(inLanguage('ja', label), id).toMatch(/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u)
  }
})

describe('figures', () => {
  test('in English', () => {
    expect([span(0.25), span(8), span(150), span(4800), span(7200)]).toEqual([
      '0.3 s',
      '8 s',
      '3 min',
      '1 h 20 min',
      '2 h',
    ])
    expect([percent(0.427), decimal(-1234.5), size(1_500_000)]).toEqual(['42 %', '−1,234.5', '1.5 MB'])
  })

  test('in Japanese', () => {
    speak('ja')
    expect([span(0.25), span(8), span(150), span(4800), span(7200)]).toEqual([
      '0.3秒',
      '8秒',
      '3分',
      '1時間20分',
      '2時間',
    ])
    expect([percent(0.427), decimal(-1234.5), clock(65.3, 1)]).toEqual(['42%', '−1,234.5', '1:05.3'])
    expect(timeOfDay(new Date(2026, 0, 1, 9, 5))).toBe('09:05')
  })
})

describe('what the engine says', () => {
  const task = {
    ...{ id: 'enhance', label: 'Enhance speech', description: 'Takes noise away.', accepts: ['audio' as const] },
    ...{ packKinds: ['vae-nmf'] },
    settings: {
      properties: {
        strength: { type: 'number', minimum: 0, maximum: 1, default: 1, title: 'Strength' },
        precision: { enum: ['float32', 'int8'], title: 'Precision' },
        newest: { type: 'boolean', title: 'Something new' },
      },
    },
  }

  test('is said in the language of the window, what is unknown in English', () => {
    expect(taskFields(task).map(({ title }) => title)).toEqual(['Strength', 'Precision', 'Something new'])
    speak('ja')
    expect(taskFields(task).map(({ title }) => title)).toEqual(['強さ', '計算精度', 'Something new'])
    expect(taskFields(task)[1]!.names).toMatchObject({ int8: '8ビット整数' })
    expect([phaseWords('Cleaning'), phaseWords('Dreaming')]).toEqual(['ノイズを取り除いています', 'Dreaming'])
  })

  test('of errors is given as detail', () => {
    const record = { code: 'disk-full' as const, message: 'There is no room.', hint: 'Make room.' }
    expect(errorWords(record)).toEqual({ text: 'There is no room.', hint: 'Make room.' })
    speak('ja')
    expect(errorWords(record)).toEqual({
      ...{ text: 'ディスクの空きが足りません', detail: 'There is no room.', hint: 'Make room.' },
    })
    expect(errorWords({ code: 'unavailable', message: text.engine.silent })).toEqual({ text: text.engine.silent })
  })
})
