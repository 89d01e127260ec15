import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { knownDevices } from '../../../src-main/compute/devices/known-devices'
import { workerRunner, type RunListener } from '../../../src-main/jobs'
import { prepareTask } from '../../../src-main/jobs/prepare-task'
import type { DeviceUse } from '../../../src-main/tasks/run-on-device'
import type { TaskProgress } from '../../../src-main/tasks/task'
import type { TaskDefinition } from '../../../src-main/tasks/task'
import { copyTask } from '../../helpers/copy-task'
import { tempFolder } from '../../helpers/folder'
import { handClock } from '../../helpers/clock'
import { until } from '../../helpers/wires'

/** Starts a worker that runs the JavaScript `body` with `post`, `data` and `isCancelled` at hand. */
async function start(body: string, patience = { flag: 50, force: 50 }) {
  const file = join(await tempFolder(), 'worker.mjs')
  await writeFile(
    file,
    `import { parentPort, workerData as data } from 'node:worker_threads'
     const post = (message) => parentPort.postMessage(message)
     const isCancelled = () => Atomics.load(new Int32Array(data.cancelFlag), 0) !== 0
     ${body}`,
  )
  const seen: TaskProgress[] = []
  const state = { stuck: false }
  const run = workerRunner({ file, patience, onStuck: () => (state.stuck = true) })
  const job = {
    task: 'test',
    source: 's',
    sourceName: 's',
    settings: { x: 1 },
    pack: 'p',
    device: 'cpu',
    seed: 7,
    work: 'w',
  }
  const devices: DeviceUse[] = []
  const listener: RunListener = { progress: (progress) => seen.push(progress), device: (use) => devices.push(use) }
  return { ...run(job, listener), seen, devices, state }
}

/** A worker that tells how it was started, and ends with its job. */
const twoWays = `
  import { parentPort, workerData } from 'node:worker_threads'
  let plan
  const run = (job) => {
    parentPort.postMessage({ type: 'done', outputs: [{ role: plan ? plan.settings.x + '' : 'cold', file: job.source, name: job.cancelFlag.constructor.name }] })
    parentPort.close()
  }
  if (!workerData.spare) run(workerData)
  else parentPort.on('message', (message) => (message.type === 'prepare' ? (plan = message.plan) : run(message.job)))`

describe('a thread that is ready', () => {
  const plan = { task: 'test', settings: { x: 1 }, pack: 'p', device: 'cpu' }
  const job = { ...plan, source: 's', sourceName: 's', seed: 7, work: 'w' }
  const quiet: RunListener = { progress() {}, device() {} }

  async function runner(body = twoWays) {
    const file = join(await tempFolder(), 'worker.mjs')
    await writeFile(file, body)
    const clock = handClock()
    const run = workerRunner({ file, clock, onStuck() {} })
    onTestFinished(() => run.close?.())
    return { run, clock }
  }
  const role = async (ended: Promise<{ role: string }[]>) => (await ended)[0]!.role

  it('takes the job that it was started for, and that one alone', async () => {
    const { run } = await runner()
    run.prepare!(plan)
    run.prepare!({ ...plan })
    expect((await run({ ...job, settings: { x: 2 } }, quiet).ended)[0]).toEqual({
      ...{ role: 'cold', file: 's', name: 'SharedArrayBuffer' },
    })
    expect((await run(job, quiet).ended)[0]).toEqual({ role: '1', file: 's', name: 'SharedArrayBuffer' })
    expect(await role(run(job, quiet).ended)).toBe('cold')
  })

  it('gives way to one for another job, and ends when none comes', async () => {
    const { run, clock } = await runner()
    run.prepare!(plan)
    run.prepare!({ ...plan, settings: { x: 5 } })
    expect(await role(run(job, quiet).ended)).toBe('cold')
    expect(await role(run({ ...job, settings: { x: 5 } }, quiet).ended)).toBe('5')
    run.prepare!(plan)
    clock.advance(120_000)
    expect(await role(run(job, quiet).ended)).toBe('cold')
  })

  it('that breaks is as if it had not been', async () => {
    const { run } = await runner(`
      import { parentPort, workerData } from 'node:worker_threads'
      if (workerData.spare) throw new Error('boom')
      parentPort.postMessage({ type: 'done', outputs: [{ role: 'cold', file: '', name: '' }] })`)
    run.prepare!(plan)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await role(run(job, quiet).ended)).toBe('cold')
  })

  it('has its model from the task, which says nothing where that cannot be had', async () => {
    const prepare = vi.fn(async () => {})
    const task = { ...(copyTask as unknown as TaskDefinition), id: 'test', prepare }
    const open = async () => ({ id: 'gpu' })
    await prepareTask([task], plan, { open })
    expect(prepare).toHaveBeenCalledWith({ settings: { x: 1 }, pack: 'p', device: 'gpu' })
    prepare.mockRejectedValueOnce(new Error('no such pack'))
    await prepareTask([task], plan, { open })
    await prepareTask([], plan, { open })
    expect(prepare).toHaveBeenCalledTimes(2)
  })
})

describe('workerRunner', () => {
  it('hands the job over and brings progress and outputs back', async () => {
    const { ended, seen } = await start(`
      post({ type: 'progress', progress: { phase: 'x', done: data.seed, total: 9 } })
      post({ type: 'done', outputs: [{ role: 'clean', file: data.work, name: String(data.settings.x) }] })`)
    expect(await ended).toEqual([{ role: 'clean', file: 'w', name: '1' }])
    expect(seen).toEqual([{ phase: 'x', done: 7, total: 9 }])
  })

  it('tells what the job computes on, and hands what it found of devices to the jobs after it', async () => {
    const { ended, devices } = await start(`
      const info = { id: 'webgpu', name: 'Card', available: false, reason: 'it smokes' }
      post({ type: 'device', use: { device: 'cpu', fallback: 'Card cannot be used.' }, known: { webgpu: info } })
      post({ type: 'done', outputs: [] })`)
    await ended
    expect(devices).toEqual([{ device: 'cpu', fallback: 'Card cannot be used.' }])
    expect(knownDevices()).toMatchObject({ webgpu: { available: false, reason: 'it smokes' } })
    const second = await start(`
      const { getEnvironmentData } = await import('node:worker_threads')
      post({ type: 'done', outputs: [{ role: '', file: '', name: getEnvironmentData('nagare.devices').webgpu.reason }] })`)
    expect((await second.ended)[0]!.name).toBe('it smokes')
  })

  it('brings back what the task threw', async () => {
    const { ended } = await start(
      `post({ type: 'failed', error: { code: 'corrupt', message: 'bad', hint: 'h', file: 'f' } })`,
    )
    await expect(ended).rejects.toMatchObject({ code: 'corrupt', message: 'bad', hint: 'h', file: 'f' })
  })

  it.each([
    ['breaks off', `throw new Error('boom')`, /boom/],
    ['ends without a word', `process.exit(3)`, /code 3/],
  ])('fails a job whose thread %s', async (_, body, message) => {
    const { ended } = await start(body)
    await expect(ended).rejects.toMatchObject({ code: 'internal', message })
  })

  it('stops a task that listens, without force', async () => {
    const { ended, stop, seen, state } = await start(
      `post({ type: 'progress', progress: { phase: 'on', done: 0, total: 1 } })
       while (!isCancelled()) await new Promise((resolve) => setTimeout(resolve, 5))
       post({ type: 'progress', progress: { phase: 'stopped', done: 1, total: 1 } })
       post({ type: 'failed', error: { code: 'cancelled', message: 'x' } })`,
      { flag: 60_000, force: 60_000 },
    )
    await until(() => seen.length === 1)
    stop()
    await expect(ended).rejects.toMatchObject({ code: 'cancelled' })
    expect(seen.at(-1)!.phase).toBe('stopped')
    expect(state.stuck).toBe(false)
  })

  it('ends a task by force that does not listen', async () => {
    const { ended, stop, seen } = await start(
      `post({ type: 'progress', progress: { phase: 'on', done: 0, total: 1 } }); for (;;);`,
    )
    await until(() => seen.length === 1)
    stop()
    await expect(ended).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('cries out when not even force ends it, and not before', async () => {
    const clock = handClock()
    let stuck = 0
    const file = join(await tempFolder(), 'worker.mjs')
    await writeFile(file, `setInterval(() => {}, 1000)`)
    const run = workerRunner({ file, clock, onStuck: () => stuck++ })
    const job = run(
      { task: 't', source: '', sourceName: '', settings: {}, pack: '', device: '', seed: 1, work: '' },
      { progress: () => {}, device: () => {} },
    )
    job.stop()
    clock.advance(4999)
    expect(stuck).toBe(0)
    clock.advance(1)
    expect(stuck).toBe(1)
    await expect(job.ended).rejects.toMatchObject({ code: 'cancelled' })
  })
})
