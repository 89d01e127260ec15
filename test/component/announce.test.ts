import { beforeEach, describe, expect, test, vi } from 'vitest'
import { Settings, type Asset, type Snapshot } from '@contract'
import { notices } from '../../src-renderer/state/notices.svelte'
import { selection } from '../../src-renderer/state/selection.svelte'
import type { LinkOptions } from '../../src-renderer/transport/link'
import { start } from '../../src-renderer/transport/engine'

const line = vi.hoisted(() => ({ options: undefined as LinkOptions | undefined }))
vi.mock('../../src-renderer/transport/link', () => ({ openLink: (options: LinkOptions) => (line.options = options) }))

const now = '2026-11-24T10:00:00Z'
const rescued = (id: string): Asset => ({
  ...{ id, name: `${id}.wav`, kind: 'audio', bytes: 1, createdAt: now, sha256: '' },
  recorded: { id: 'r-1', device: 'Mic', startedAt: now, recoveredAt: '2026-11-24T10:01:00Z' },
})
const snapshot = (assets: Asset[], startedAt = now): Snapshot => ({
  ...{ epoch: 'e', seq: 1, version: '1', project: { name: 'p', folder: '/p' }, assets, jobs: [], packs: [], tasks: [] },
  ...{ settings: Settings.parse({}), engine: { startedAt, lastExit: null } },
})
const changed = (asset: Asset) => line.options!.onEvent({ event: 'asset.changed', data: { asset } })
const told = () => notices.list.map(({ title }) => title)

beforeEach(() => {
  localStorage.clear()
  notices.list = []
  selection.source = null
  start()
  line.options!.onSnapshot(snapshot([]))
})

describe('a rescued recording', () => {
  test('is told when it comes, and not when it changes', () => {
    changed(rescued('a-1'))
    expect(told()).toEqual(['a-1.wav was rescued'])
    localStorage.clear()
    changed({ ...rescued('a-1'), name: 'renamed.wav' })
    expect(told()).toHaveLength(1)
  })

  test('is told of those that this engine rescued, once in all windows', () => {
    line.options!.onSnapshot(snapshot([rescued('a-1')]))
    sessionStorage.clear()
    line.options!.onSnapshot(snapshot([rescued('a-1')]))
    line.options!.onSnapshot(snapshot([rescued('a-2')], '2026-11-25T10:00:00Z'))
    expect(told()).toEqual(['a-1.wav was rescued'])
  })

  test('is remembered to have been told, of the last hundred', () => {
    for (let i = 0; i < 150; i++) changed(rescued(`a-${i}`))
    expect(localStorage.getItem('nagare.rescued')!.split(' ')).toHaveLength(100)
  })

  test('does not take over the desktop’s selection, as an opened file does', () => {
    vi.stubGlobal('desktop', { pathOf: () => '', platform: 'linux' })
    changed(rescued('a-1'))
    expect(selection.source).toBe(null)
    const { recorded: _, ...opened } = rescued('a-2')
    changed(opened)
    expect(selection.source).toBe('a-2')
    vi.unstubAllGlobals()
  })
})

test('a history that could not be read whole is told once', () => {
  const edit = { revision: 2, version: '0123456789abcdef', undo: null, redo: null, damagedAfter: 2 }
  const { recorded: _, ...sound } = rescued('a-9')
  line.options!.onSnapshot(snapshot([{ ...sound, edit }]))
  line.options!.onSnapshot(snapshot([{ ...sound, edit }]))
  expect(told()).toEqual(['The history of a-9.wav is damaged'])
  expect(notices.list[0]!.text).toContain('up to step 2')
})
