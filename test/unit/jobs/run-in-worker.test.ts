import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { knownDevices } from '../../../src-main/compute/devices/known-devices'
import { workerRunner, type RunListener } from '../../../src-main/jobs'
import type { DeviceUse } from '../../../src-main/tasks/run-on-device'
import type { TaskProgress } from '../../../src-main/tasks/task'
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
