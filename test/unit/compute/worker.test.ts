import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRunGate, terminateBehindGate } from '../../../src-main/lib/run-gate'
import { bundle } from '../../helpers/bundle'

let bundled: Awaited<ReturnType<typeof bundle>>

beforeAll(async () => {
  bundled = await bundle({ worker: 'test/helpers/compute-worker.ts' })
}, 120_000)

afterAll(() => bundled.remove())

test('workers that compute are ended in the middle and made anew, again and again', async () => {
  for (let round = 0; round < 4; round++) {
    const gate = createRunGate()
    const worker = new Worker(join(bundled.folder, 'worker.mjs'), { workerData: gate })
    const [slope] = (await once(worker, 'message')) as [number]
    expect(slope).toBe(1)
    await new Promise((done) => setTimeout(done, 7 * round))
    expect(await terminateBehindGate(worker, gate)).toBe(1)
  }
  // Ended while it still starts up.
  const gate = createRunGate()
  const worker = new Worker(join(bundled.folder, 'worker.mjs'), { workerData: gate })
  await once(worker, 'online')
  expect(await terminateBehindGate(worker, gate)).toBe(1)
})
