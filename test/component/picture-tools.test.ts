import { heatColours, heatScale, levelFrom, mostLevel, valuesOf, type Asset, type Origin } from '@contract'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { render } from 'vitest-browser-svelte'
import { findHere } from '../../src-renderer/image/map-regions.svelte'
import { maskedMaps } from '../../src-renderer/image/masked-maps'
import { leastRecent } from '../../src-renderer/image/least-recent'
import { coveredTile } from '../../src-renderer/image/map-outline'
import { maskEdges } from '../../src-renderer/image/outline'
import { heatTable, maskTable, paintTile } from '../../src-renderer/image/paint-map'
import { rulerMarks, rulerStep } from '../../src-renderer/image/rulers'
import { atThreshold, rangeOf, rocOf, scoreBins, setOf } from '../../src-renderer/image/set-statistics'
import { sortedSpecks, speckPlaces } from '../../src-renderer/image/specks'
import { above, lastLevel, levelFor, tilesIn } from '../../src-renderer/image/tile-grid'
import { tileStore } from '../../src-renderer/image/tile-store'
import RegionList from '../../src-renderer/image/RegionList.svelte'
import { lineOf, moving } from '../../src-renderer/state/line.svelte'
import { project } from '../../src-renderer/state/project.svelte'
import { nextOther, seeDocument, seeing, toggleView } from '../../src-renderer/state/seeing.svelte'

const size = { width: 12_000, height: 8000 }

describe('tiles', () => {
  test('come from the smallest level that has a pixel for each of the screen’s', () => {
    expect(lastLevel(size)).toBe(5)
    expect(lastLevel({ width: 512, height: 3 })).toBe(0)
    expect([1, 0.51, 0.5, 0.26, 0.1, 0.01].map((scale) => levelFor(size, scale))).toEqual([0, 0, 1, 1, 3, 5])
    expect(levelFor(size, 8)).toBe(0)
  })

  test('are those that are seen, the middle first', () => {
    const seen = tilesIn(size, 0, { x: 600, y: 520, width: 1500, height: 500 })
    expect(seen[0]).toEqual({ level: 0, column: 2, row: 1 })
    expect(seen.map(({ column }) => column).sort()).toEqual([1, 2, 3, 4])
    expect(tilesIn(size, 5, { x: 0, y: 0, ...size })).toEqual([{ level: 5, column: 0, row: 0 }])
    expect(above({ level: 1, column: 5, row: 2 }, 2)).toEqual({ level: 3, column: 1, row: 0 })
  })

  test('are fetched once, a few at a time, and given up when they are many', async () => {
    let open = 0
    let most = 0
    const fetched = vi.spyOn(window, 'fetch').mockImplementation(async () => {
      most = Math.max(most, ++open)
      await new Promise((resolve) => setTimeout(resolve, 1))
      open--
      return new Response(new Uint16Array(512 * 512))
    })
    const arrived = vi.fn()
    const store = tileStore(arrived)
    const at = (column: number) => ({ level: 0, column, row: 0 })
    store.begin()
    for (let i = 0; i < 20; i++) store.values('a-1', size, at(i))
    store.end()
    await expect.poll(() => arrived.mock.calls.length).toBe(20)
    expect(most).toBeLessThanOrEqual(5)
    expect(store.values('a-1', size, at(3))?.levels).toHaveLength(512 * 512)
    for (let first = 0; first < 400; first += 20) {
      store.begin()
      for (let row = first; row < first + 20; row++)
        store.values('a-1', size, { level: 0, column: row % 20, row: row % 15 })
      store.end()
      await expect.poll(() => open).toBe(0)
    }
    expect(store.bytes).toBeLessThan(50e6)
    store.close()
    expect(store.bytes).toBe(0)
    fetched.mockRestore()
  })

  test('come after their drafts, which are shown until then, and only what is missing is asked for first', async () => {
    const canvas = new OffscreenCanvas(8, 8)
    canvas.getContext('2d')
    const png = await canvas.convertToBlob()
    const asked: string[] = []
    const waiting: (() => void)[] = []
    const fetched = vi.spyOn(window, 'fetch').mockImplementation(async (url) => {
      asked.push(String(url))
      if (String(url).endsWith('?draft')) return new Response(png, { headers: { 'Nagare-Draft': '1' } })
      await new Promise<void>((resolve) => waiting.push(resolve))
      return new Response(png)
    })
    const arrived = vi.fn()
    const store = tileStore(arrived)
    const at = (column: number) => ({ level: 3, column, row: 0 })
    const draw = (columns: number[]) => {
      store.begin()
      const found = columns.map((column) => store.picture('a-1', at(column))?.isDraft)
      store.end()
      return found
    }
    expect(draw([0, 1, 2])).toEqual([undefined, undefined, undefined])
    await expect.poll(() => arrived.mock.calls.length).toBe(3)
    expect(draw([0, 1, 2])).toEqual([true, true, true])
    // Two at a time wait for the picture; a tile that nothing is seen of does not.
    await expect.poll(() => waiting.length).toBe(2)
    expect(draw([0, 1, 2, 3]).at(-1)).toBeUndefined()
    await expect.poll(() => store.picture('a-1', at(3), false)?.isDraft).toBe(true)
    expect(asked.filter((url) => url.endsWith('?draft'))).toHaveLength(4)
    for (let i = 0; i < 4; i++) {
      draw([0, 1, 2, 3])
      await expect.poll(() => waiting.length).toBeGreaterThan(0)
      waiting.shift()!()
      await expect.poll(() => draw([0, 1, 2, 3]).filter((isDraft) => isDraft === false).length).toBe(i + 1)
    }
    expect(asked).toHaveLength(8)
    store.close()
    fetched.mockRestore()
  })

  test('of a store give up what was used least lately', () => {
    const gone: string[] = []
    const store = leastRecent<string>(3, (value) => gone.push(value))
    for (const key of ['a', 'b', 'c']) store.put(key, key, 1)
    store.get('a')
    store.put('d', 'd', 1)
    expect(gone).toEqual(['b'])
    store.drop((key) => key === 'a')
    expect([gone, store.cost]).toEqual([['b', 'a'], 2])
  })
})

describe('a map', () => {
  test('is drawn in the colours of the scale, and its mask just where values reach the line', () => {
    for (const name of heatColours) {
      const table = heatTable(name, { low: 0, high: 1 })
      const colours = heatScale(name)
      for (const i of [0, 1, 77, 254, 255]) {
        const pixel = table[Math.round((i / 255) * mostLevel)]!
        expect([pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255]).toEqual([...colours.subarray(3 * i, 3 * i + 3)])
      }
    }
    const stretched = heatTable('grey', { low: 0.25, high: 0.75 })
    expect([stretched[0]! & 255, stretched[mostLevel >> 1]! & 255, stretched[mostLevel]! & 255]).toEqual([0, 127, 255])
    for (const threshold of [0, 0.3, 0.5, 0.123456, 1]) {
      const table = maskTable(threshold)
      const values = valuesOf(Uint16Array.from({ length: mostLevel + 1 }, (_, i) => i))
      expect(values.every((value, level) => (table[level] === 0xffffffff) === value >= threshold)).toBe(true)
    }
    expect(levelFrom(1.5)).toBe(mostLevel + 1)
  })

  test('of a tile is painted with its specks left out', () => {
    const tile = { levels: Uint16Array.of(0, mostLevel, mostLevel, 0), width: 2, height: 2 }
    const canvas = paintTile(tile, maskTable(0.5), [2])
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, 2, 2)
    expect([data[0], data[4], data[8], data[12]]).toEqual([0, 255, 0, 0])
  })

  test('is outlined along its edges, each a line as long as it goes, and none where tiles meet', () => {
    const levels = (rows: string[]) => Uint16Array.from(rows.join(''), (letter) => (letter === '#' ? 9 : 0))
    const lines = (rows: string[], whole = { width: rows[0]!.length, height: rows.length }) => {
      const tile = { levels: levels(rows), width: rows[0]!.length, height: rows.length }
      const at = { level: 0, column: 0, row: 0 }
      const edges = maskEdges(
        coveredTile(whole, at, { from: 5, specks: null }, (other) => (other === at ? tile : undefined))!,
      )
      return Array.from({ length: edges.length / 4 }, (_, i) => edges.slice(4 * i, 4 * i + 4).join()).sort()
    }
    expect(lines(['.##.', '.#..'])).toEqual(['1,0,1,2', '1,0,3,0', '1,2,2,2', '2,1,2,2', '2,1,3,1', '3,0,3,1'])
    expect(lines(['#'])).toEqual(['0,0,0,1', '0,0,1,0', '0,1,1,1', '1,0,1,1'])
    expect(lines(['..'])).toEqual([])
  })

  test('has the same regions as the engine finds, small ones left out as runs', () => {
    const rows = ['#..##', '...##', '#....', '##...']
    const values = Float32Array.from(rows.join(''), (letter) => (letter === '#' ? 0.8 : 0.1))
    const found = findHere(values, 5, { threshold: 0.5, minArea: 2 })
    expect(found).toMatchObject({ count: 2, share: 7 / 20 })
    expect(found.regions.map(({ area, box }) => [area, box.x, box.y])).toEqual([
      [4, 3, 0],
      [3, 0, 2],
    ])
    expect([...found.specks!]).toEqual([0, 0, 1])
    const specks = sortedSpecks([900, 2, 5, 3, 600, 601])
    expect(speckPlaces(specks, { width: 1024, height: 1024 }, { level: 0, column: 1, row: 0 })).toEqual([3 * 512 + 88])
    expect(speckPlaces(specks, { width: 1024, height: 1024 }, { level: 1, column: 0, row: 0 })).toEqual([
      ...[512 + 300, 450 * 512 + 1, 450 * 512 + 2],
    ])
  })
})

test('rulers count in steps of 1, 2 and 5', () => {
  expect([64, 10, 1, 0.1].map((scale) => rulerStep(scale))).toEqual([1, 10, 100, 1000])
  expect(rulerStep(0.4)).toBe(200)
  expect(rulerMarks(20, 1, -400, 330, 9000)).toEqual([0, 100, 200, 300])
  expect(rulerMarks(20, 1, 20, 330, 240)).toEqual([0, 100, 200])
})

const createdAt = '2026-11-24T10:00:00Z'
const origin = (more: Partial<Origin> = {}): Origin => ({
  ...{ job: 'j-1', task: 'inspect', role: 'heatmap', source: 'a-1', pack: { id: 'p', name: 'Cloth', sha256: 'f00' } },
  ...{ settings: { threshold: 0.5 }, seed: 1, device: 'cpu', fallback: null, seconds: 1 },
  facts: { score: 0.7, low: 0.1, high: 0.9 },
  ...more,
})
const asset = (id: string, more: object = {}): Asset => ({
  ...{ id, name: id, kind: 'image', bytes: 1, createdAt, sha256: '' },
  ...more,
})

describe('a set', () => {
  test('is what one model inspected on one scale, the newest result of each picture', () => {
    const assets = [
      asset('a-1', { label: 'bad' }),
      asset('a-2'),
      asset('r-1', { origin: origin() }),
      asset('r-2', { origin: origin({ facts: { score: 0.2 } }), createdAt: '2026-11-25T10:00:00Z' }),
      asset('r-3', { origin: origin({ source: 'a-2', facts: { score: 0.4, low: 0.2, high: 0.5 } }) }),
      asset('r-4', { origin: origin({ source: 'a-2', settings: { kappa: 0 } }) }),
      asset('r-5', { origin: origin({ source: 'a-2', role: 'mask' }) }),
    ]
    const set = setOf(assets, origin())
    expect(set).toEqual([
      { source: 'a-1', score: 0.2, low: 0, high: 1, label: 'bad' },
      { source: 'a-2', score: 0.4, low: 0.2, high: 0.5, label: undefined },
    ])
    expect(rangeOf(set.slice(1))).toEqual({ low: 0.2, high: 0.5 })
    expect(rangeOf([])).toEqual({ low: 0, high: 1 })
  })

  test('has the newest map of each picture with the mask of what is wrong there, none where it is labelled good', () => {
    const made = (source: string, more = {}) => ({ origin: origin({ role: 'map', source, ...more }) })
    const marks = (of: string, role: 'truth' | 'ignore') => ({ marks: { of, role, everywhere: false } })
    const assets = [
      ...[
        asset('a-1', { label: 'bad' }),
        asset('a-2', { label: 'good' }),
        asset('a-3', { label: 'bad' }),
        asset('a-4'),
      ],
      ...[asset('m-1', made('a-1')), asset('m-2', { ...made('a-1'), createdAt: '2026-11-25T10:00:00Z' })],
      ...[asset('m-3', made('a-2')), asset('m-4', made('a-3')), asset('m-5', made('a-4'))],
      asset('m-6', made('a-1', { settings: { kappa: 0 } })),
      asset('t-1', marks('a-1', 'truth')),
    ]
    const masked = maskedMaps(assets, origin())
    expect(masked).toMatchObject({ marked: 1, sound: 1, unmarked: 1 })
    expect(masked.items).toEqual([
      { map: 'm-2', mask: 't-1' },
      { map: 'm-3', mask: null },
    ])
    const also = maskedMaps([...assets, asset('t-4', marks('a-4', 'truth'))], origin())
    expect(also.items.at(-1)).toEqual({ map: 'm-5', mask: 't-4' })
    expect(also.key).not.toBe(masked.key)
    expect(maskedMaps([...assets, asset('i-1', marks('a-2', 'ignore'))], origin()).key).not.toBe(masked.key)
  })

  test('is counted by its labels, and ranked', () => {
    const one = (score: number, label?: 'good' | 'bad' | 'unsure') => ({ source: '', score, label, low: 0, high: 1 })
    const set = [one(0.2, 'good'), one(0.4, 'good'), one(0.6, 'bad'), one(0.4, 'bad'), one(0.9, 'unsure'), one(0.1)]
    expect(atThreshold(set, 0.5)).toMatchObject({
      ...{ truePositives: 1, falsePositives: 0, trueNegatives: 2, falseNegatives: 1 },
      ...{ precision: 1, recall: 0.5, falseAlarmRate: 0 },
    })
    const { points, area } = rocOf(set)!
    expect(points.map(({ falseAlarms, found }) => [falseAlarms, found])).toEqual([
      ...[
        [0, 0],
        [0, 0.5],
        [0.5, 1],
        [1, 1],
      ],
    ])
    expect(area).toBeCloseTo(0.875, 12)
    expect(rocOf(set.slice(0, 2))).toBeNull()
    const bins = scoreBins(set, 10)
    expect(bins[4]).toEqual({ from: 0.4, good: 1, bad: 1, other: 0 })
    expect(bins[9]).toMatchObject({ other: 1 })
  })

  test('has the line that was put for it, the one being moved first', () => {
    project.lines = { 'f00 0.01 1 usual': { threshold: 0.6, minArea: 3 } }
    expect(lineOf(origin())).toEqual({ threshold: 0.6, minArea: 3 })
    expect(lineOf(origin({ settings: { falseAlarms: 0.1, threshold: 0.4 } }))).toEqual({ threshold: 0.4, minArea: 1 })
    Object.assign(moving, { key: 'f00 0.01 1 usual', line: { threshold: 0.1, minArea: 1 } })
    expect(lineOf(origin()).threshold).toBe(0.1)
    Object.assign(moving, { key: null, line: null })
    project.lines = {}
  })
})

describe('two layers', () => {
  beforeEach(() => seeDocument(['original', 'overlay', 'heatmap', 'mask'], []))

  test('are seen until the same is asked for again, and the second is chosen among the others', () => {
    toggleView('swipe')
    toggleView('side')
    expect(seeing.view).toBe('side')
    seeing.layer = 'overlay'
    seeing.other = 'original'
    nextOther()
    expect(seeing.other).toBe('heatmap')
    toggleView('side')
    expect(seeing.view).toBe('one')
  })

  test('regions are told by their area where they are sorted by it', async () => {
    const region = (area: number) => ({
      ...{ area, peak: 0.9, peakAt: { x: 1, y: 1 }, mean: 0.8 },
      box: { x: 0, y: 0, width: 2, height: 2 },
    })
    seeing.order = 'area'
    const screen = await render(RegionList, { regions: [region(70), region(4)], chosen: null, onchoose() {} })
    await expect.element(screen.getByRole('toolbar', { name: 'Regions, the largest first' })).toBeVisible()
    await expect.element(screen.getByRole('button', { name: /^Region 1 70 px/ })).toBeVisible()
    seeing.order = 'peak'
  })
})
