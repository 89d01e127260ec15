import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRunGate, terminateBehindGate } from '../../../src-main/lib/run-gate'

const root = resolve(import.meta.dirname, '../../..')
let folder = ''

beforeAll(async () => {
  // Inside node_modules, so that onnxruntime-node is found from there.
  const cache = join(root, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  folder = await mkdtemp(join(cache, 'nagare-worker-'))
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    resolve: { mainFields: ['module', 'main'] },
    ssr: { noExternal: [/@tensorflow/] },
    build: {
      ssr: true,
      target: 'node20',
      outDir: folder,
      rolldownOptions: {
        input: { worker: join(root, 'test/helpers/compute-worker.ts') },
        output: { entryFileNames: '[name].mjs' },
      },
    },
  })
}, 120_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

test('workers that compute are ended in the middle and made anew, again and again', async () => {
  for (let round = 0; round < 4; round++) {
    const gate = createRunGate()
    const worker = new Worker(join(folder, 'worker.mjs'), { workerData: gate })
    const [slope] = (await once(worker, 'message')) as [number]
    expect(slope).toBe(1)
    await new Promise((done) => setTimeout(done, 7 * round))
    expect(await terminateBehindGate(worker, gate)).toBe(1)
  }
  // Ended while it still starts up.
  const gate = createRunGate()
  const worker = new Worker(join(folder, 'worker.mjs'), { workerData: gate })
  await once(worker, 'online')
  expect(await terminateBehindGate(worker, gate)).toBe(1)
})
