import type { Job } from '@contract'
import { beforeEach, describe, expect, test } from 'vitest'
import { droppedFiles, mostFiles } from '../../src-renderer/actions/dropped-files'
import { overallOf } from '../../src-renderer/queue/overall'
import { batch, followBatch } from '../../src-renderer/state/batch.svelte'
import { jobReport } from '../../src-renderer/state/announce'
import { project } from '../../src-renderer/state/project.svelte'
import { notices } from '../../src-renderer/state/notices.svelte'

const job = (id: string, more: Partial<Job> = {}): Job => ({
  ...{ id, task: 'enhance', label: 'Enhance', source: id, state: 'queued', settings: {}, pack: 'p', device: 'cpu' },
  ...{ requested: 'cpu', fallback: null, seed: 1, attempt: 1, createdAt: '2026-11-23T10:00:00Z', startedAt: null },
  ...{ endedAt: null, progress: null, results: [], error: null, command: '' },
  ...more,
})
const progress = (done: number, etaSeconds: number | null = null, rtf: number | null = null) => ({
  ...{ phase: '', done, total: 100, etaSeconds, rtf },
})
const lengths: Record<string, number> = { a: 60, b: 120, c: 20 }
const lengthOf = ({ source }: Job) => lengths[source] ?? 0

describe('overallOf', () => {
  test('weighs each job by its length, and reckons the rest at the measured speed', () => {
    const jobs = [
      job('a', { state: 'done' }),
      job('b', { state: 'running', progress: progress(50, 30, 0.5) }),
      job('c'),
    ]
    expect(overallOf(jobs, lengthOf)).toEqual({ count: 3, over: 1, failed: 0, share: 120 / 200, secondsLeft: 40 })
  })

  test('takes the speed of one that is done, and says nothing where there is none', () => {
    const done = { state: 'done', startedAt: '2026-11-23T10:00:00Z', endedAt: '2026-11-23T10:00:30Z' } as const
    expect(overallOf([job('a', done), job('c')], lengthOf).secondsLeft).toBe(10)
    expect(overallOf([job('a', { ...done, task: 'convert' }), job('c')], lengthOf).secondsLeft).toBe(null)
    expect(overallOf([job('a', { state: 'failed' }), job('c', { state: 'cancelled' })], lengthOf)).toEqual({
      ...{ count: 2, over: 2, failed: 1, share: 1, secondsLeft: 0 },
    })
  })
})

describe('followBatch', () => {
  beforeEach(() => {
    followBatch([])
    notices.list = []
  })

  test('never goes back while no job is added, and tells the end of several', () => {
    const running = (done: number) => job('a', { state: 'running', progress: progress(done) })
    followBatch([running(80), job('b')])
    const high = batch.shown!.share
    // It starts anew on another device.
    followBatch([job('a', { state: 'running' }), job('b')])
    expect(batch.shown!.share).toBe(high)
    followBatch([job('a', { state: 'done' }), job('b', { state: 'running', progress: progress(50) })])
    expect(batch.shown).toMatchObject({ count: 2, over: 1 })
    expect(batch.shown!.share).toBeGreaterThan(high)
    expect(notices.list).toEqual([])
    followBatch([job('a', { state: 'done' }), job('b', { state: 'failed' })])
    expect(batch.shown).toBe(null)
    expect(notices.list.map(({ kind, text }) => [kind, text])).toEqual([['warning', 'One result, one job failed.']])
  })

  test('says nothing of one job, nor of several that were stopped', () => {
    followBatch([job('a', { state: 'running' })])
    followBatch([job('a', { state: 'done' })])
    followBatch([job('b', { state: 'running' }), job('c')])
    followBatch([job('b', { state: 'cancelled' }), job('c', { state: 'cancelled' })])
    expect(notices.list).toEqual([])
  })
})

describe('droppedFiles', () => {
  const file = (name: string) =>
    ({
      name,
      isDirectory: false,
      isFile: true,
      file: (yes: (file: File) => void) => yes(new File(['x'], name)),
    }) as unknown as FileSystemEntry
  const folder = (name: string, inside: FileSystemEntry[]) =>
    ({
      ...{ name, isDirectory: true, isFile: false },
      createReader() {
        let at = 0
        // A reader answers some at a time, and none at the end.
        return { readEntries: (yes: (some: FileSystemEntry[]) => void) => yes(inside.slice(at, (at += 100))) }
      },
    }) as unknown as FileSystemEntry
  const drop = (...entries: FileSystemEntry[]) =>
    ({
      items: entries.map((entry) => ({
        ...{ kind: 'file', webkitGetAsEntry: () => entry },
        getAsFile: () => (entry.isDirectory ? new File([], entry.name) : new File(['x'], entry.name)),
      })),
    }) as unknown as DataTransfer
  const isRead = ({ name }: File) => name.endsWith('.wav')
  const namesOf = async (data: DataTransfer) => (await droppedFiles(data, isRead)).files.map(({ name }) => name)

  test('walks through folders in the order of names, and passes over what is hidden or of no kind', async () => {
    const data = drop(
      file('notes.txt'),
      folder('takes', [
        file('10.wav'),
        file('2.wav'),
        file('.hidden.wav'),
        file('cover.txt'),
        folder('more', [file('x.wav')]),
      ]),
      file('last.wav'),
    )
    expect(await namesOf(data)).toEqual(['notes.txt', '2.wav', '10.wav', 'x.wav', 'last.wav'])
    expect(await droppedFiles(data, isRead)).toMatchObject({ isCut: false, passedOver: 1 })
  })

  test('takes no more than so many, and ends in folders without an end', async () => {
    const many = folder(
      'many',
      Array.from({ length: mostFiles + 500 }, (_, i) => file(`${i}.wav`)),
    )
    const found = await droppedFiles(drop(many), isRead)
    expect(found.files).toHaveLength(mostFiles)
    expect(found.isCut).toBe(true)
    const endless = folder('loop', []) as unknown as { createReader: unknown }
    endless.createReader = () => {
      let read = false
      return {
        readEntries(yes: (some: unknown[]) => void) {
          yes(read ? [] : [file('a.wav'), endless])
          read = true
        },
      }
    }
    expect((await namesOf(drop(endless as unknown as FileSystemEntry))).length).toBeLessThan(20)
    expect(await droppedFiles(null, isRead)).toEqual({ files: [], isCut: false, passedOver: 0, hasFolder: false })
  })
})

test('a failure comes with all that helps to understand it, ready to paste', () => {
  project.version = '9.8.7'
  const report = jobReport(
    job('a', {
      ...{ state: 'failed', settings: { iterations: 5 }, pack: 'speech', seed: 77, command: 'nagare enhance a.wav' },
      error: { code: 'unavailable', message: 'Out of memory.', hint: 'Close other programs.' },
    }),
  )
  for (const part of [
    ...[
      'Enhance — failed',
      'unavailable: Out of memory.',
      'Close other programs.',
      'model: speech, device: cpu, seed: 77',
    ],
    ...['{"iterations":5}', 'Nagare 9.8.7', 'command: nagare enhance a.wav'],
  ])
    expect(report).toContain(part)
})
