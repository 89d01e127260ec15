import { describe, expect, test } from 'vitest'
import { colourMaps } from '../../src-renderer/audio/colour-map'
import { columnsOf } from '../../src-renderer/audio/detail'
import { columnMaker, frequencyAt, lowestLog, planFor, shareAt } from '../../src-renderer/audio/spectrum'
import { tilesFor } from '../../src-renderer/audio/tiles'
import {
  clampView,
  closest,
  fitScale,
  followTime,
  rulerMarks,
  toPixel,
  toTime,
  zoomAt,
  type Viewport,
} from '../../src-renderer/audio/viewport'
import { clock, size, span, speedOf } from '../../src-renderer/text/format'
import { kindOfFile } from '../../src-renderer/actions/files'
import { reconnectDelay } from '../../src-renderer/transport/link'

const view: Viewport = { start: 0, scale: 100, width: 1000, duration: 60 }

describe('viewport', () => {
  test('zooming holds the anchor in place', () => {
    const zoomed = zoomAt({ ...view, start: 20 }, 2, 25)
    expect(zoomed.scale).toBe(200)
    expect(toPixel(zoomed, 25)).toBeCloseTo(toPixel({ ...view, start: 20 }, 25), 6)
  })

  test('never shows less than nothing or more than all', () => {
    expect(clampView({ ...view, scale: 0.001 }).scale).toBeCloseTo(fitScale(view), 9)
    expect(clampView({ ...view, start: 59 }).start).toBe(50)
    expect(clampView({ ...view, start: -3 }).start).toBe(0)
    // Ten hours are seen sample by sample too.
    expect(clampView({ ...view, duration: 36_000, scale: 1e9 }).scale).toBe(closest)
  })

  test('pixels and times are inverse inside the recording', () => {
    for (const pixel of [0, 123, 999]) expect(toPixel(view, toTime(view, pixel))).toBeCloseTo(pixel, 6)
    expect(toTime(view, 1e9)).toBe(60)
  })

  test('turns the page when the playhead leaves', () => {
    expect(followTime(view, 5)).toBe(view)
    expect(followTime(view, 12).start).toBeGreaterThan(11)
  })

  test('ruler marks are round, in view and far enough apart', () => {
    const { step, marks } = rulerMarks({ ...view, start: 7 })
    expect(step).toBe(1)
    expect(marks[0]).toBe(7)
    expect(marks.at(-1)).toBe(17)
  })

  test('tiles cover the view at a power of two', () => {
    expect(tilesFor({ ...view, start: 10 })).toEqual({ scale: 128, first: 5, last: 9 })
  })
})

describe('spectrum', () => {
  test('a full-scale sine stands at its frequency, at 0 dB', () => {
    const rate = 16_000
    const plan = planFor(rate)
    const bin = 64
    const samples = Float32Array.from({ length: 4096 }, (_, i) => Math.sin((2 * Math.PI * bin * i) / plan.size))
    const levels = new Float32Array(plan.rows)
    columnMaker(plan, rate)(samples, 2048, levels)
    const loudest = levels.indexOf(Math.max(...levels))
    expect(levels[loudest]).toBeCloseTo(0, 1)
    expect(
      Math.abs(frequencyAt((loudest + 0.5) / plan.rows, rate, plan.scale) - (bin * rate) / plan.size),
    ).toBeLessThan(rate / plan.rows)
    expect(levels[0]).toBeLessThan(-90)
  })

  test('axis shares and frequencies are inverse on both scales', () => {
    for (const scale of ['linear', 'mel'] as const)
      for (const hertz of [100, 1000, 12_345])
        expect(frequencyAt(shareAt(hertz, 48_000, scale), 48_000, scale)).toBeCloseTo(hertz, 3)
  })
})

test('columnsOf keeps the extremes of every column', () => {
  const { upper, lower } = columnsOf(
    [Float32Array.of(0, 1, 0, -1, 0.5, 0.25), Float32Array.of(0, 0, -2, 0, 0, 0)],
    0,
    2,
    4,
  )
  expect([...upper]).toEqual([1, 0, 0.5, 0])
  expect([...lower]).toEqual([0, -2, 0, 0])
})

test('numbers in words', () => {
  expect([clock(0), clock(65.38, 1), clock(3723), clock(59.9999, 2)]).toEqual(['0:00', '1:05.3', '1:02:03', '0:59.99'])
  expect([span(0.4), span(8.4), span(75), span(4800), span(3600)]).toEqual([
    '0.4 s',
    '8 s',
    '1 min',
    '1 h 20 min',
    '1 h',
  ])
  expect([size(12), size(1500), size(12_300_000)]).toEqual(['12 B', '1.5 kB', '12 MB'])
  expect([speedOf(0.25), speedOf(2), speedOf(0.01)]).toEqual(['4', '0.5', '100'])
})

test.each([
  ['talk.WAV', '', 'audio'],
  ['talk.flac', '', 'audio'],
  ['noname', 'audio/mpeg', 'audio'],
  ['clip.mov', 'video/quicktime', 'audio'],
  ['cat.png', '', 'image'],
  ['speech.nagare', '', 'pack'],
  ['mel.NPY', 'application/octet-stream', 'mel'],
  ['notes.txt', 'text/plain', 'unknown'],
])('%s (%s) is taken for %s', (name, type, kind) => expect(kindOfFile({ name, type })).toBe(kind))

test('reconnection waits longer each time, up to a limit', () => {
  const delays = Array.from({ length: 8 }, (_, attempt) => reconnectDelay(attempt))
  expect(delays.slice(0, 3)).toEqual([200, 400, 800])
  expect(Math.max(...delays)).toBe(5000)
})

test('a logarithmic axis gives each octave the same room, up to half the rate', () => {
  expect(frequencyAt(0, 48_000, 'log')).toBeCloseTo(lowestLog, 6)
  expect(frequencyAt(1, 48_000, 'log')).toBeCloseTo(24_000, 6)
  const octave = shareAt(200, 48_000, 'log') - shareAt(100, 48_000, 'log')
  for (const hertz of [400, 1600, 6400])
    expect(shareAt(2 * hertz, 48_000, 'log') - shareAt(hertz, 48_000, 'log')).toBeCloseTo(octave, 9)
  for (const scale of ['linear', 'log', 'mel'] as const)
    expect(frequencyAt(shareAt(3000, 44_100, scale), 44_100, scale)).toBeCloseTo(3000, 6)
  expect([planFor(16_000).scale, planFor(48_000).scale, planFor(16_000, 256, 'log').scale]).toEqual([
    'linear',
    'mel',
    'log',
  ])
})

test('every colour map tells levels by lightness alone, one way from end to end', () => {
  for (const [name, map] of Object.entries(colourMaps)) {
    const light = Array.from(
      { length: 256 },
      (_, i) => 0.2126 * map[i * 4]! + 0.7152 * map[i * 4 + 1]! + 0.0722 * map[i * 4 + 2]!,
    )
    const [first, last] = name === 'paper' ? [light[255]!, light[0]!] : [light[0]!, light[255]!]
    const way = name === 'paper' ? -1 : 1
    for (let i = 1; i < 256; i++) expect(way * (light[i]! - light[i - 1]!)).toBeGreaterThanOrEqual(-1.5)
    expect(last - first).toBeGreaterThan(180)
  }
})
