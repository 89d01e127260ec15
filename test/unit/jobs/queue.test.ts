import type { Job } from '@contract'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openJobLog, openQueue, type JobLogOptions, type QueueOptions } from '../../../src-main/jobs'
import { NagareError } from '../../../src-main/lib/errors'
import { handClock } from '../../helpers/clock'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { handRunner, testJob } from '../../helpers/jobs'
import { until } from '../../helpers/wires'

async function setup(
  more: Partial<QueueOptions> & { folder?: string; deaf?: boolean; logOptions?: JobLogOptions } = {},
) {
  const folder = more.folder ?? (await tempFolder())
  const { runs, run } = handRunner({ deaf: more.deaf ?? false })
  const changes: string[] = []
  const progress: number[] = []
  const discarded: string[] = []
  const clock = handClock()
  const log = await openJobLog(join(folder, 'jobs.jsonl'), more.logOptions)
  const queue = await openQueue({
    log,
    run,
    clock,
    prepare: async ({ task, device }) => ({
      task,
      source: '',
      sourceName: '',
      settings: {},
      pack: '',
      device,
      seed: 1,
    }),
    finish: async (_, outputs) => outputs.map(({ role }) => `a-${role}`),
    discard: async ({ id }) => void discarded.push(id),
    workOf: (job) => join(folder, 'work', job),
    listener: {
      changed: ({ id, state }) => changes.push(`${id} ${state}`),
      progress: (_, { done }) => progress.push(done),
      removed: (id) => changes.push(`${id} removed`),
    },
    ...more,
  })
  queue.start()
  const state = (id: string) => queue.get(id).state
  /** What a crash leaves: no word in the log, no file closed in order. */
  const crash = () => log.close()
  return { folder, queue, runs, changes, progress, discarded, clock, state, crash }
}

const output = (role: string) => ({ role, file: `${role}.wav`, name: `${role}.wav` })

describe('openQueue', () => {
  it('works in the order that it was given, which a restart keeps', async () => {
    const { queue, runs, folder, crash } = await setup()
    for (const id of ['j-1', 'j-2', 'j-3', 'j-4']) await queue.add(testJob(id, { task: id }))
    await until(() => runs.length === 1)
    await queue.move('j-4', 'j-2')
    await queue.move('j-2', null)
    expect(queue.state()).toEqual({ isPaused: false, waiting: ['j-4', 'j-3', 'j-2'] })
    await expect(queue.move('j-1', 'j-2')).rejects.toMatchObject({ code: 'conflict' })
    await expect(queue.move('j-2', 'j-1')).rejects.toMatchObject({ code: 'conflict' })
    await expect(queue.move('j-9', null)).rejects.toMatchObject({ code: 'not-found' })
    await crash()
    const again = await setup({ folder })
    expect(again.queue.state().waiting).toEqual(expect.arrayContaining(['j-4', 'j-3', 'j-2']))
    for (let count = 1; count <= 4; count++) {
      await until(() => again.runs.length === count)
      again.runs[count - 1]!.succeed()
    }
    await until(() => again.queue.list().every(({ state }) => state === 'done'))
    expect(again.runs.map(({ task }) => task)).toEqual(['j-1', 'j-4', 'j-3', 'j-2'])
  })

  it('starts nothing while it is paused, also after a restart, and finishes what runs', async () => {
    const told: boolean[] = []
    const listener = { changed() {}, progress() {}, removed() {} }
    const { queue, runs, folder, crash, state } = await setup({
      listener: { ...listener, reordered: ({ isPaused }) => told.push(isPaused) },
    })
    await queue.add(testJob('j-1'))
    await queue.add(testJob('j-2'))
    await until(() => runs.length === 1)
    await queue.pause(true)
    await queue.pause(true)
    runs[0]!.succeed()
    await until(() => state('j-1') === 'done')
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(state('j-2')).toBe('queued')
    await crash()
    const again = await setup({ folder })
    expect(again.queue.state()).toEqual({ isPaused: true, waiting: ['j-2'] })
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(again.runs).toHaveLength(0)
    await again.queue.pause(false)
    await until(() => again.runs.length === 1)
    expect(told).toEqual([true])
  })

  it('runs jobs one at a time in the order in which they came', async () => {
    const { queue, runs, changes } = await setup()
    await Promise.all(['j-1', 'j-2', 'j-3'].map((id) => queue.add(testJob(id, { task: id }))))
    for (const count of [1, 2, 3]) {
      await until(() => runs.length === count)
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(runs.length).toBe(count)
      runs[count - 1]!.succeed([output('clean')])
    }
    await until(() => queue.list().every(({ state }) => state === 'done'))
    expect(runs.map(({ task }) => task)).toEqual(['j-1', 'j-2', 'j-3'])
    expect(changes.filter((change) => change.startsWith('j-2'))).toEqual(['j-2 queued', 'j-2 running', 'j-2 done'])
    expect(queue.get('j-3')).toMatchObject({
      attempt: 1,
      results: ['a-clean'],
      error: null,
      endedAt: expect.any(String),
    })
    await queue.close()
  })

  it('passes progress on at most ten times a second, with the newest value, and none after the end', async () => {
    const { queue, runs, progress, clock, state } = await setup()
    await queue.add(testJob('j-1'))
    await until(() => runs.length === 1)
    for (let i = 1; i <= 100; i++) {
      runs[0]!.progress({ phase: 'x', done: i, total: 1000 })
      clock.advance(10)
    }
    expect(progress).toEqual([1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
    expect(queue.get('j-1').progress).toMatchObject({ phase: 'x', done: 100, total: 1000, rtf: null })
    runs[0]!.progress({ phase: 'x', done: 101, total: 1000 })
    runs[0]!.succeed()
    await until(() => state('j-1') === 'done')
    clock.advance(1000)
    expect(progress.at(-1)).toBe(100)
    await queue.close()
  })

  it('tells why a job failed, wipes its part files and goes on with the next', async () => {
    const { queue, runs, folder, discarded, state } = await setup()
    await queue.add(testJob('j-1'))
    await queue.add(testJob('j-2'))
    await until(() => runs.length === 1)
    await writeFile(join(runs[0]!.work, '.clean.part'), 'half')
    runs[0]!.fail(new NagareError('disk-full', 'The disk is full.'))
    await until(() => runs.length === 2)
    expect(queue.get('j-1')).toMatchObject({
      state: 'failed',
      error: { code: 'disk-full', message: 'The disk is full.' },
      results: [],
    })
    expect(discarded).toContain('j-1')
    expect((await filesUnder(folder)).filter((name) => name.startsWith('work'))).toEqual([])
    runs[1]!.succeed()
    await until(() => state('j-2') === 'done')
    await queue.close()
  })

  it('fails a job whose input or model is gone', async () => {
    const { queue, runs } = await setup({
      prepare: async () => {
        throw new NagareError('not-found', 'The recording is gone.')
      },
    })
    await queue.add(testJob('j-1'))
    await until(() => queue.get('j-1').state === 'failed')
    expect(queue.get('j-1').error).toMatchObject({ code: 'not-found' })
    expect(runs).toEqual([])
    await queue.close()
  })

  it('cancels a waiting job at once and a running one when it has really stopped', async () => {
    const { queue, runs, state, folder } = await setup({ deaf: true })
    await queue.add(testJob('j-1'))
    await queue.add(testJob('j-2'))
    await until(() => runs.length === 1)
    await queue.cancel('j-2')
    expect(state('j-2')).toBe('cancelled')
    await queue.cancel('j-1')
    await writeFile(join(runs[0]!.work, 'clean.wav'), 'whole')
    expect(state('j-1')).toBe('cancelling')
    expect(runs[0]!.stopped).toBe(true)
    // Marked on disk already: an engine that must end itself now does not take it up again.
    const onDisk = await openJobLog(join(folder, 'jobs.jsonl'))
    expect(onDisk.jobs.map(({ job }) => job.state)).toEqual(['cancelled', 'cancelled'])
    await onDisk.close()
    runs[0]!.succeed([output('clean')])
    await until(() => state('j-1') === 'cancelled')
    expect(queue.get('j-1').results).toEqual([])
    await until(async () => (await filesUnder(folder)).length === 1)
    await queue.cancel('j-1')
    expect(state('j-1')).toBe('cancelled')
    await queue.close()
  })

  it('cancels in every moment of a job, also before it runs and while its results are taken in', async () => {
    for (const moment of ['prepare', 'finish'] as const) {
      const cancels: Promise<void>[] = []
      const made = await setup({
        [moment]: async (job: Job) => {
          cancels.push(made.queue.cancel(job.id))
          await new Promise((resolve) => setTimeout(resolve, 10))
          return moment === 'finish'
            ? ['a-clean']
            : { task: '', source: '', sourceName: '', settings: {}, pack: '', device: '', seed: 1 }
        },
      })
      const { queue, runs, state, discarded, changes, folder } = made
      await queue.add(testJob('j-1'))
      if (moment === 'finish') (await until(() => runs[0])).succeed([output('clean')])
      await until(() => state('j-1') === 'cancelled')
      await Promise.all(cancels)
      expect(runs.length).toBe(moment === 'finish' ? 1 : 0)
      expect(discarded).toContain('j-1')
      expect(changes).not.toContain('j-1 done')
      await queue.close()
      const again = await setup({ folder })
      expect(again.state('j-1')).toBe('cancelled')
      await again.queue.close()
    }
  })

  it('stops a running job even when the disk is too full to write that down', async () => {
    let isFull = false
    const { queue, runs, state } = await setup({
      logOptions: {
        async write(handle, line) {
          if (isFull) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
          await handle.appendFile(line)
        },
      },
    })
    await queue.add(testJob('j-1'))
    await until(() => runs.length === 1)
    isFull = true
    await expect(queue.cancel('j-1')).rejects.toMatchObject({ code: 'disk-full' })
    await until(() => state('j-1') === 'cancelled')
    expect(runs[0]!.stopped).toBe(true)
    await expect(queue.add(testJob('j-2'))).rejects.toMatchObject({ code: 'disk-full' })
    expect(queue.list().map(({ id }) => id)).toEqual(['j-1'])
    await queue.close()
  })

  it('takes up after a crash what was running, wiped clean, and gives up after three', async () => {
    const folder = await tempFolder()
    const attempts: number[] = []
    for (let life = 0; life < 3; life++) {
      const { queue, runs, discarded, crash } = await setup({ folder })
      if (life === 0) await queue.add(testJob('j-1'))
      await until(() => runs.length === 1)
      attempts.push(queue.get('j-1').attempt)
      if (life > 0) expect(discarded).toEqual(['j-1'])
      await crash()
    }
    expect(attempts).toEqual([1, 2, 3])
    const { queue, runs } = await setup({ folder })
    expect(queue.get('j-1')).toMatchObject({
      state: 'failed',
      error: { code: 'internal', message: expect.stringMatching(/3 times/) },
    })
    expect(runs).toEqual([])
    await queue.retry('j-1')
    await until(() => runs.length === 1)
    expect(queue.get('j-1')).toMatchObject({ state: 'running', attempt: 4, error: null })
    await queue.close()
  })

  it('leaves a running job to the next opening when it closes, and holds no quit against it', async () => {
    const folder = await tempFolder()
    for (let life = 0; life < 4; life++) {
      const { queue, runs } = await setup({ folder })
      if (life === 0) await queue.add(testJob('j-1'))
      await until(() => runs.length === 1)
      await mkdir(runs[0]!.work, { recursive: true })
      await writeFile(join(runs[0]!.work, 'half.part'), 'x')
      await queue.close()
      expect(queue.get('j-1').state).toBe('queued')
      expect(await filesUnder(folder)).toEqual(['jobs.jsonl'])
    }
    const { queue, runs, state } = await setup({ folder })
    await until(() => runs.length === 1)
    expect(queue.get('j-1').attempt).toBe(5)
    runs[0]!.succeed()
    await until(() => state('j-1') === 'done')
    await queue.close()
  })

  it('notes what a job computes on, tells it at once, and asks for the same device again when told to', async () => {
    const seen: Job[] = []
    const finished: Job[] = []
    const { queue, runs, folder, state } = await setup({
      listener: { changed: (job) => seen.push(job), progress: () => {}, removed: () => {} },
      finish: async (job) => {
        finished.push(job)
        return []
      },
    })
    await queue.add(testJob('j-1', { device: 'auto', requested: 'auto' }))
    await until(() => runs.length === 1)
    expect(runs[0]!.wanted).toBe('auto')
    runs[0]!.device({ device: 'webgpu', fallback: null })
    await until(() => seen.at(-1)!.device === 'webgpu')
    runs[0]!.progress({ phase: 'x', done: 9, total: 10 })
    runs[0]!.device({ device: 'cpu', fallback: 'Card failed.' })
    await until(() => seen.at(-1)!.fallback !== null)
    expect(seen.at(-1)).toMatchObject({ device: 'cpu', requested: 'auto', fallback: 'Card failed.', progress: null })
    runs[0]!.progress({ phase: 'x', done: 1, total: 10 })
    expect(queue.get('j-1').progress).toMatchObject({ done: 1 })
    const onDisk = await openJobLog(join(folder, 'jobs.jsonl'))
    expect(onDisk.jobs[0]!.job).toMatchObject({ device: 'cpu', requested: 'auto', fallback: 'Card failed.' })
    await onDisk.close()
    runs[0]!.fail(new NagareError('disk-full', 'The disk is full.'))
    await until(() => state('j-1') === 'failed')
    expect(queue.get('j-1')).toMatchObject({ device: 'cpu', fallback: 'Card failed.' })
    expect(await queue.retry('j-1')).toMatchObject({ device: 'auto', requested: 'auto', fallback: null })
    const again = await until(() => runs[1])
    expect(again.wanted).toBe('auto')
    // Told with its last breath: its results must know it all the same.
    again.device({ device: 'cpu', fallback: 'Card is gone.' })
    again.succeed()
    await until(() => state('j-1') === 'done')
    expect(finished).toMatchObject([{ device: 'cpu', fallback: 'Card is gone.' }])
    await queue.close()
  })

  it('shows the device also where the disk is too full to write it down', async () => {
    const { queue, runs, state } = await setup({
      logOptions: {
        async write(handle, line) {
          if (line.includes('"type":"device"')) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
          await handle.appendFile(line)
        },
      },
    })
    await queue.add(testJob('j-1', { device: 'webgpu', requested: 'webgpu' }))
    const run = await until(() => runs[0])
    run.device({ device: 'cpu', fallback: 'No card.' })
    await until(() => queue.get('j-1').fallback)
    run.succeed()
    await until(() => state('j-1') === 'done')
    await queue.close()
  })

  it('makes the last try after crashes on a graphics card on the processor, and says so', async () => {
    const folder = await tempFolder()
    for (const life of [0, 1]) {
      const { queue, runs, crash } = await setup({ folder })
      if (life === 0) await queue.add(testJob('j-1', { device: 'auto', requested: 'auto' }))
      const run = await until(() => runs[0])
      expect(run.wanted).toBe('auto')
      run.device({ device: 'webgpu', fallback: null })
      await until(() => queue.get('j-1').device === 'webgpu')
      await crash()
    }
    const { queue, runs, state } = await setup({ folder })
    const run = await until(() => runs[0])
    expect(run.wanted).toBe('cpu')
    run.device({ device: 'cpu', fallback: null })
    run.succeed()
    await until(() => state('j-1') === 'done')
    expect(queue.get('j-1')).toMatchObject({
      attempt: 3,
      device: 'cpu',
      requested: 'auto',
      fallback: expect.stringMatching(/ended 2 times.*webgpu.*on the processor/),
    })
    await queue.close()
  })

  it('tries again only what ended badly, behind those that wait, and removes only what ended', async () => {
    const { queue, runs, state, changes } = await setup()
    for (const id of ['j-1', 'j-2', 'j-3']) await queue.add(testJob(id, { task: id }))
    await until(() => runs.length === 1)
    runs[0]!.fail(new Error('odd'))
    await until(() => runs.length === 2)
    expect(queue.get('j-1').error).toMatchObject({ code: 'internal', message: 'odd' })
    await expect(queue.retry('j-2')).rejects.toMatchObject({ code: 'conflict' })
    await expect(queue.remove('j-2')).rejects.toMatchObject({ code: 'conflict' })
    await expect(queue.remove('j-9')).rejects.toMatchObject({ code: 'not-found' })
    expect(await queue.retry('j-1')).toMatchObject({ state: 'queued', error: null })
    for (const run of [1, 2, 3]) (await until(() => runs[run])).succeed()
    await until(() => state('j-1') === 'done')
    expect(runs.map(({ task }) => task)).toEqual(['j-1', 'j-2', 'j-3', 'j-1'])
    await queue.remove('j-1')
    expect(changes.at(-1)).toBe('j-1 removed')
    expect(queue.list().map(({ id }) => id)).toEqual(['j-2', 'j-3'])
    await queue.close()
  })
})
