import type { Asset, Job, Origin } from '@contract'
import { beforeEach, describe, expect, test } from 'vitest'
import { gridOf, placeOf, scrolledTo, seenOf } from '../../src-renderer/gallery/grid'
import { itemsOf, passes, shownItems, type Item } from '../../src-renderer/gallery/items'
import { gallery, meant, moveBy, moveTo, toggle } from '../../src-renderer/state/gallery.svelte'
import { project } from '../../src-renderer/state/project.svelte'

const picture = (id: string, more: Partial<Asset> = {}): Asset => ({
  ...{ id, name: `${id}.png`, kind: 'image', bytes: 1, createdAt: `2026-11-24T10:00:0${id.at(-1)}Z`, sha256: 'f' },
  image: { width: 8, height: 8, channels: 3, depth: 8, format: 'png', notes: [], plain: true },
  ...more,
})
const heat = (source: string, score: number, job = 'j-1'): Asset => {
  const facts = { score, label: score >= 0.5 ? 'odd' : 'normal', count: 0, share: 0, regions: [], notes: [] }
  const origin: Origin = {
    ...{ job, task: 'inspect', role: 'heatmap', source, pack: { id: 'p', name: 'P', sha256: '' } },
    ...{ settings: {}, seed: 1, device: 'cpu', fallback: null, seconds: 1, facts },
  }
  return picture(`h-${source}`, { origin, createdAt: '2026-11-24T11:00:00Z' })
}
const job = (more: Partial<Job>): Job => ({
  ...{ id: 'j-1', task: 'inspect', label: 'Inspect', source: 'a-1', state: 'done', settings: {}, pack: 'p' },
  ...{ device: 'cpu', requested: 'cpu', fallback: null, seed: 1, attempt: 1, createdAt: '2026-11-24T12:00:00Z' },
  ...{ startedAt: null, endedAt: null, progress: null, results: [], error: null, command: '' },
  ...more,
})
const error = { code: 'corrupt', message: 'half a picture' } as const

const made = new Map([
  ['a-1', [heat('a-1', 0.9)]],
  ['a-2', [heat('a-2', 0.2)]],
])
const items = (jobs: Job[] = []): Item[] =>
  itemsOf({
    pictures: [picture('a-1', { label: 'good' }), picture('a-2', { label: 'bad', defect: 'stain' }), picture('a-3')],
    jobs,
    refused: [{ id: 'r-1', name: 'broken.png', error, time: '2026-11-24T09:00:00Z' }],
    madeFrom: (id) => made.get(id) ?? [],
    isMarked: (id) => id === 'a-2',
  })
const stateOf = (all: Item[], id: string) => all.find((item) => item.id === id)!.state
const ids = (all: readonly Item[]) => all.map(({ id }) => id)

describe('the pictures of a gallery', () => {
  test('are done, new, waiting or failed', () => {
    expect(items().map(({ state }) => state)).toEqual(['failed', 'done', 'done', 'new'])
    const running = [job({ id: 'j-2', state: 'running', sources: ['a-2', 'a-3'], source: 'a-2' })]
    expect(stateOf(items(running), 'a-2')).toBe('waiting')
    expect(stateOf(items(running), 'a-1')).toBe('done')
    // What the running job has made already is no longer waited for.
    expect(stateOf(items([{ ...running[0]!, id: 'j-1' }]), 'a-2')).toBe('done')
    const missed = [job({ id: 'j-2', sources: ['a-3'], source: 'a-3', missed: [{ source: 'a-3', error }] })]
    expect(items(missed).find(({ id }) => id === 'a-3')).toMatchObject({ state: 'failed', error })
    expect(stateOf(items([job({ state: 'failed', source: 'a-3', error })]), 'a-3')).toBe('failed')
  })

  test('are filtered and sorted', () => {
    const by = (more: Partial<Parameters<typeof shownItems>[1]>) =>
      ids(shownItems(items(), { sort: 'name', filter: 'all', text: '', threshold: 0.5, ...more }))
    expect(by({})).toEqual(['a-1', 'a-2', 'a-3', 'r-1'])
    expect(by({ sort: 'score' })).toEqual(['a-1', 'a-2', 'a-3', 'r-1'])
    expect(by({ sort: 'date' })).toEqual(['a-3', 'a-2', 'a-1', 'r-1'])
    expect(by({ text: 'A-2' })).toEqual(['a-2'])
    expect(by({ filter: 'odd' })).toEqual(['a-1'])
    expect(by({ filter: 'odd', threshold: 0.1 })).toEqual(['a-1', 'a-2'])
    expect(by({ filter: 'disagree' })).toEqual(['a-1', 'a-2'])
    expect(by({ filter: 'defect:stain' })).toEqual(['a-2'])
    expect(by({ filter: 'marked' })).toEqual(['a-2'])
    expect(by({ filter: 'unlabelled' })).toEqual(['a-3'])
    expect(by({ filter: 'failed' })).toEqual(['r-1'])
    expect(passes(items()[1]!, 'new', 0.5)).toBe(false)
  })
})

describe('the grid', () => {
  const grid = gridOf(1000, 760)
  test('fills its width and knows which cells are seen', () => {
    expect(grid.columns).toBe(5)
    expect(placeOf(grid, 4).x + grid.cell.width).toBeLessThanOrEqual(760 - 16)
    expect(placeOf(grid, 5)).toEqual({ x: 16, y: 16 + grid.cell.height + 8 })
    const seen = seenOf(grid, 1000, 3000, 600)
    expect(seen.to - seen.from).toBeLessThan(70)
    expect(placeOf(grid, seen.from).y).toBeLessThan(3000)
    expect(placeOf(grid, seen.to - 1).y).toBeGreaterThan(3600)
    expect(seenOf(grid, 1000, 1e9, 600).to).toBe(1000)
    expect(gridOf(0, 0)).toMatchObject({ columns: 1, rows: 0, height: 0 })
  })

  test('scrolls no further than it must', () => {
    expect(scrolledTo(grid, 0, 500, 600)).toBe(0)
    expect(scrolledTo(grid, 15, 400, 600)).toBe(400)
    const far = scrolledTo(grid, 500, 0, 600)
    expect(placeOf(grid, 500).y + grid.cell.height).toBeLessThanOrEqual(far + 600)
  })
})

describe('the cursor and what is chosen', () => {
  beforeEach(() => {
    project.loaded = true
    project.assets = [1, 2, 3, 4, 5].map((i) => picture(`a-${i}`))
    Object.assign(gallery, { open: true, sort: 'name', filter: 'all', text: '', cursor: null, anchor: null })
    gallery.chosen = new Set()
    gallery.width = 320
  })

  test('move, extend from where they were, and stay on what is shown', () => {
    moveBy(1)
    expect(gallery.cursor).toBe('a-1')
    moveBy(1)
    moveBy(1, true)
    moveBy(1, true)
    expect(ids(meant())).toEqual(['a-2', 'a-3', 'a-4'])
    moveBy(-1, true)
    expect(ids(meant())).toEqual(['a-2', 'a-3'])
    moveTo(99)
    expect(ids(meant())).toEqual(['a-5'])
    moveBy(2)
    expect(gallery.cursor).toBe('a-5')
    gallery.text = 'a-2'
    expect(meant()).toEqual([])
  })

  test('one more, one less', () => {
    moveTo(0)
    toggle('a-3')
    expect(ids(meant())).toEqual(['a-1', 'a-3'])
    toggle('a-1')
    expect(ids(meant())).toEqual(['a-3'])
  })
})
