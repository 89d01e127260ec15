import { Settings, type Asset, type EditRequest, type Snapshot } from '@contract'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import { perform } from '../../src-renderer/actions/action'
import { actions } from '../../src-renderer/actions/all'
import { runTask } from '../../src-renderer/actions/work'
import { mediaName, peaksAddress } from '../../src-renderer/audio/media-of'
import EditBar from '../../src-renderer/edits/EditBar.svelte'
import GainDialog from '../../src-renderer/edits/GainDialog.svelte'
import { undo } from '../../src-renderer/history/history.svelte'
import { clipboard } from '../../src-renderer/state/clip.svelte'
import { draft } from '../../src-renderer/state/draft.svelte'
import { listening, trackOf } from '../../src-renderer/state/listening.svelte'
import { notices } from '../../src-renderer/state/notices.svelte'
import { panels } from '../../src-renderer/state/panels.svelte'
import { applyEvent, applySnapshot } from '../../src-renderer/state/project.svelte'
import { select } from '../../src-renderer/state/selection.svelte'
import { createRawSnippet } from 'svelte'

const engine = vi.hoisted(() => ({ call: vi.fn<(name: string, args: never) => Promise<unknown>>() }))
vi.mock('../../src-renderer/transport/engine', () => engine)

const createdAt = '2026-11-24T10:00:00Z'
const audio = {
  ...{ sampleRate: 16_000, channels: 1, frames: 64_000, container: 'wav', encoding: 's16', loudness: -20, peak: 0.5 },
  pcm: { offset: 44, encoding: 's16' as const },
}
const sound: Asset = { id: 'a-1', name: 'talk.wav', kind: 'audio', bytes: 1, createdAt, sha256: '', audio }
const edited = (revision: number, undo: 'delete' | null = 'delete'): Asset => ({
  ...sound,
  edit: { revision, version: `${revision}`.padStart(16, '0'), undo, redo: null },
})

/** Requests that the window made, and the engine's answers: the recording one step further. */
let asked: [string, Record<string, unknown>][] = []
beforeEach(async () => {
  let revision = 0
  engine.call.mockReset().mockImplementation((name, args) => {
    asked.push([name, args])
    const asset = edited(++revision)
    applyEvent({ event: 'asset.changed', data: { asset } })
    return Promise.resolve({ asset })
  })
  while (await undo('a-1'));
  asked = []
  const task = { id: 'enhance', label: 'Enhance', description: '', accepts: ['audio' as const], packKinds: ['vae-nmf'] }
  const pack = { id: 'p', kind: 'vae-nmf', name: 'P', description: '', licence: '', sampleRate: 16_000, bytes: 1 }
  applySnapshot({
    ...{ epoch: 'e', seq: 1, version: '1', project: { name: 'p', folder: '/p' }, assets: [sound], jobs: [] },
    packs: [{ ...pack, sha256: '0', origin: 'user', metrics: [] }],
    tasks: [{ ...task, settings: {} }],
    settings: Settings.parse({}),
    engine: { startedAt: createdAt, lastExit: null },
  } satisfies Snapshot)
  Object.assign(listening, { region: { from: 1, to: 2.5 }, duration: 4, time: 0.5 })
  Object.assign(draft, { task: null, values: {}, stretch: 'selection', follow: null, starting: false })
  notices.list = []
  clipboard.clip = null
  select('a-1')
})

const requests = () => asked.filter(([name]) => name === 'edit.apply').map(([, { edit }]) => edit as EditRequest)
const done = (id: keyof typeof actions) => {
  expect(perform(actions[id])).toBe(true)
  return vi.waitFor(() => expect(asked.length).toBeGreaterThan(0))
}

describe('edits', () => {
  test.each([
    ['silence', 'silence'],
    ['fadeIn', 'fadeIn'],
    ['fadeOut', 'fadeOut'],
    ['trim', 'trim'],
    ['erase', 'delete'],
    ['cut', 'cut'],
  ] as const)('%s asks the engine for the selected samples', async (id, kind) => {
    await done(id)
    expect(requests()).toEqual([{ kind, from: 16_000, to: 40_000 }])
  })

  test('need a selection, but for those of all', () => {
    listening.region = null
    const can = (['cut', 'copy', 'erase', 'trim', 'silence', 'gain', 'normalise', 'format'] as const).filter((id) =>
      actions[id].when(),
    )
    expect(can).toEqual(['gain', 'normalise', 'format'])
    expect(actions.remove.when()).toBe(true)
  })

  test('what is copied is a place, kept for other windows, and goes to the playhead or over the selection', async () => {
    expect(actions.paste.when()).toBe(false)
    perform(actions.copy)
    const clip = { asset: 'a-1', revision: 0, from: 16_000, to: 40_000 }
    expect(JSON.parse(localStorage.getItem('nagare.clip')!)).toEqual(clip)
    listening.region = null
    await done('paste')
    expect(requests()).toEqual([{ kind: 'paste', from: 8000, to: 8000, clip }])
  })

  test('are undone in the engine, those before this window too, and only while their recording is shown', async () => {
    await done('silence')
    await vi.waitFor(() => expect(actions.undo.when()).toBe(true))
    perform(actions.undo)
    await vi.waitFor(() => expect(asked.at(-1)).toEqual(['edit.undo', { asset: 'a-1' }]))
    asked = []
    perform(actions.undo)
    await vi.waitFor(() => expect(asked).toEqual([['edit.undo', { asset: 'a-1' }]]))
    applyEvent({ event: 'asset.changed', data: { asset: edited(9, null) } })
    await vi.waitFor(() => expect(actions.redo.when()).toBe(true))
    expect(actions.undo.when()).toBe(false)
    perform(actions.redo)
    await vi.waitFor(() => expect(asked.at(-1)).toEqual(['edit.redo', { asset: 'a-1' }]))
  })

  test('that fail change nothing and say why', async () => {
    engine.call.mockRejectedValue(new Error('The disk is full.'))
    perform(actions.silence)
    await vi.waitFor(() => expect(notices.list).toHaveLength(1))
    expect(notices.list[0]).toMatchObject({ title: 'Silence: nothing was changed', text: 'The disk is full.' })
    expect(actions.silence.when()).toBe(true)
  })

  test('a task works on the selection, or on all where that is chosen', async () => {
    engine.call.mockImplementation((name, args) => {
      asked.push([name, args])
      return Promise.reject(new Error('enough'))
    })
    await runTask('enhance')
    draft.stretch = 'whole'
    await runTask('enhance')
    expect(asked.map(([, { range }]) => range)).toEqual([{ from: 16_000, to: 40_000 }, undefined])
  })
})

test('an edited sound has another address with each edit', () => {
  expect([mediaName(sound), mediaName(edited(3))]).toEqual(['a-1', 'a-1?v=0000000000000003'])
  expect([peaksAddress('a-1'), peaksAddress('a-1?v=3')]).toEqual(['/media/a-1/peaks', '/media/a-1/peaks?v=3'])
  expect(trackOf(edited(3), 'original')!.source.url).toBe('/media/a-1?v=0000000000000003')
})

test('the bar shows while something is selected', async () => {
  const children = createRawSnippet(() => ({ render: () => '<p>lanes</p>' }))
  const screen = await render(EditBar, { children })
  const bar = screen.getByRole('group', { name: 'Edit the selection' })
  await expect.element(bar.getByText('1.5 s selected')).toBeVisible()
  await bar.getByRole('button', { name: 'Silence' }).click()
  expect(requests()).toEqual([{ kind: 'silence', from: 16_000, to: 40_000 }])
  listening.region = null
  await expect.element(bar).not.toBeInTheDocument()
})

test('the level is set by keys alone, within bounds', async () => {
  panels.dialog = 'gain'
  const screen = await render(GainDialog)
  const field = screen.getByRole('spinbutton', { name: 'Gain (dB)' })
  await expect.element(field).toHaveFocus()
  await userEvent.keyboard('-200{Enter}')
  await expect.element(screen.getByRole('button', { name: 'Apply' })).toBeDisabled()
  expect(asked).toEqual([])
  await userEvent.fill(field, '-4.5')
  await userEvent.keyboard('{Enter}')
  await vi.waitFor(() => expect(panels.dialog).toBe(null))
  expect(requests()).toEqual([{ kind: 'gain', from: 16_000, to: 40_000, db: -4.5 }])
})
