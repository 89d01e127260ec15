import { afterEach, describe, expect, test } from 'vitest'
import { mount, unmount } from 'svelte'
import CommandPalette from '../../src-renderer/palette/CommandPalette.svelte'
import { allEntries, type Entry } from '../../src-renderer/palette/entries'
import { find } from '../../src-renderer/palette/find'
import { fuzzy } from '../../src-renderer/palette/fuzzy'
import { keepRecent, recentEntries } from '../../src-renderer/palette/recent'
import { panels } from '../../src-renderer/state/panels.svelte'
import { project } from '../../src-renderer/state/project.svelte'
import { speak } from '../../src-renderer/text/text.svelte'

afterEach(() => {
  speak('en')
  localStorage.clear()
  panels.dialog = null
})

describe('fuzzy', () => {
  const best = (query: string, ...texts: string[]) =>
    texts
      .map((each) => ({ each, score: fuzzy(query, each)?.score ?? -1 }))
      .sort((a, b) => b.score - a.score)
      .map(({ each }) => each)[0]

  test('finds starts before words, words before what is inside', () => {
    expect(best('zoom', 'Show the zoom', 'Zoom in', 'Unzoomed')).toBe('Zoom in')
    expect(best('in', 'Begin', 'Zoom in')).toBe('Zoom in')
  })

  test('finds initials, and says which characters match', () => {
    expect(fuzzy('sbld', 'Switch between light and dark')?.at).toEqual([0, 7, 15, 25])
    expect(fuzzy('light switch', 'Switch between light and dark')).toBeDefined()
    expect(fuzzy('sxd', 'Switch between light and dark')).toBeUndefined()
  })

  test('reads wide, accented and kana forms alike', () => {
    expect(fuzzy('ノイズ', 'のいず除去')?.at).toEqual([0, 1, 2])
    expect(fuzzy('ｗａｖ', 'WAV, 16 bit')?.at).toEqual([0, 1, 2])
    expect(fuzzy('cafe', 'Café.wav')?.at).toEqual([0, 1, 2, 3])
  })

  test('matches anything when nothing was typed', () => expect(fuzzy(' ', 'x')).toEqual({ score: 0, at: [] }))
})

describe('find', () => {
  const entry = (id: string, label: string, can = true, kind: Entry['kind'] = 'action'): Entry => ({
    ...{ id, label, can, kind, icon: 'menu', names: [label], run: () => undefined },
  })

  test('puts what cannot be done last, and what was run lately first', () => {
    const entries = [entry('a', 'Play', false), entry('b', 'Player'), entry('c', 'Playing')]
    expect(find('play', entries, []).map(({ entry }) => entry.id)).toEqual(['b', 'c', 'a'])
    expect(find('play', entries, ['c']).map(({ entry }) => entry.id)).toEqual(['c', 'b', 'a'])
    expect(find('', entries, ['c']).map(({ entry }) => entry.id)).toEqual(['c', 'b', 'a'])
  })

  test('offers the library and settings once something is typed', () => {
    const entries = [entry('a', 'Zoom'), entry('b', 'zoo.wav', true, 'asset')]
    expect(find('', entries, [])).toHaveLength(1)
    expect(find('zoo', entries, [])).toHaveLength(2)
  })

  test('finds every action by its name in either language', () => {
    const labels = (query: string) => find(query, allEntries(), []).map(({ entry }) => entry.id)
    expect(labels('ノイズ除去')[0]).toBe('action enhance')
    speak('ja')
    expect(labels('enhance')[0]).toBe('action enhance')
    expect(labels('language english')[0]).toBe('setting language en')
    expect(find('ノイズ', allEntries(), [])[0]!.entry.label).toBe('ノイズ除去')
  })
})

test('what was run is remembered, the latest first and each once', () => {
  for (let i = 0; i < 20; i++) keepRecent(`action ${i}`)
  keepRecent('action 15')
  expect(recentEntries().slice(0, 3)).toEqual(['action 15', 'action 19', 'action 18'])
  expect(recentEntries()).toHaveLength(12)
  localStorage.setItem('nagare.palette', '{"not": "a list"')
  expect(recentEntries()).toEqual([])
})

test('the palette runs what is chosen, and nothing that cannot be done', async () => {
  project.settings.theme = 'dark'
  panels.dialog = 'palette'
  const palette = mount(CommandPalette, { target: document.body })
  const input = document.querySelector<HTMLInputElement>('[role=combobox]')!
  const press = (key: string) =>
    input.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
  const type = async (value: string) => {
    input.value = value
    input.dispatchEvent(new Event('input', { bubbles: true }))
    await new Promise((resolve) => setTimeout(resolve))
  }
  await type('hear the result')
  const option = () => document.getElementById(input.getAttribute('aria-activedescendant')!)!
  expect(option().getAttribute('aria-disabled')).toBe('true')
  press('Enter')
  expect(panels.dialog).toBe('palette')
  await type('models')
  expect(option().dataset.entry).toBe('action models')
  press('ArrowUp')
  await new Promise((resolve) => setTimeout(resolve))
  expect(option().getAttribute('aria-selected')).toBe('true')
  press('ArrowDown')
  await new Promise((resolve) => setTimeout(resolve))
  press('Enter')
  await new Promise((resolve) => setTimeout(resolve))
  expect(panels.dialog).toBe('models')
  expect(recentEntries()).toEqual(['action models'])
  await unmount(palette)
})
