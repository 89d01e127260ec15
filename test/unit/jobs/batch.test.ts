import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openJobLog, openQueue, type QueueOptions } from '../../../src-main/jobs'
import { NagareError } from '../../../src-main/lib/errors'
import { tempFolder } from '../../helpers/folder'
import { handRunner, testJob } from '../../helpers/jobs'
import { until } from '../../helpers/wires'

async function setup(folder: string, more: Partial<QueueOptions> = {}) {
  const { runs, run } = handRunner()
  const kept: string[] = []
  const log = await openJobLog(join(folder, 'jobs.jsonl'))
  const queue = await openQueue({
    ...{ log, run, workOf: (job) => join(folder, 'work', job) },
    prepare: async ({ task, device }) => ({
      ...{ task, source: '', sourceName: '', settings: {}, pack: '', device, seed: 1 },
    }),
    finish: async (_, outputs, __, source) => outputs.map(({ role }) => `${source}-${role}`),
    discard: async ({ results }) => void kept.push(results.join()),
    listener: { changed: () => {}, progress: () => {}, removed: () => {} },
    ...more,
  })
  queue.start()
  return { queue, runs, kept, log }
}

const batch = testJob('j-1', { source: 'a', sources: ['a', 'b', 'c'] })
const output = (role: string) => ({ role, file: `${role}.png`, name: `${role}.png` })
const damaged = new NagareError('corrupt', 'b.png: expected a whole picture.')

describe('a job over many sources', () => {
  it('keeps what came of each, tells what could not be done, and is done', async () => {
    const { queue, runs } = await setup(await tempFolder())
    await queue.add(batch)
    await until(() => runs.length === 1)
    runs[0]!.made!('a', [output('heatmap'), output('mask')])
    runs[0]!.missed!('b', damaged)
    runs[0]!.made!('c', [output('heatmap')])
    runs[0]!.succeed()
    await until(() => queue.get('j-1').state === 'done')
    expect(queue.get('j-1')).toMatchObject({
      results: ['a-heatmap', 'a-mask', 'c-heatmap'],
      missed: [{ source: 'b', error: { code: 'corrupt', message: 'b.png: expected a whole picture.' } }],
    })
    await queue.close()
  })

  it('has failed where nothing came of any', async () => {
    const { queue, runs } = await setup(await tempFolder())
    await queue.add(batch)
    await until(() => runs.length === 1)
    for (const source of ['a', 'b', 'c']) runs[0]!.missed!(source, damaged)
    runs[0]!.succeed()
    await until(() => queue.get('j-1').state === 'failed')
    expect(queue.get('j-1').error!.message).toContain('None of 3')
    await queue.close()
  })

  it('keeps what it made when it is cancelled, and goes on from there when it is tried again', async () => {
    const { queue, runs, kept } = await setup(await tempFolder())
    await queue.add(batch)
    await until(() => runs.length === 1)
    runs[0]!.made!('a', [output('heatmap')])
    runs[0]!.missed!('b', damaged)
    await until(() => queue.get('j-1').missed?.length === 1)
    await queue.cancel('j-1')
    await until(() => queue.get('j-1').state === 'cancelled')
    expect(queue.get('j-1').results).toEqual(['a-heatmap'])
    expect(kept).toEqual(['a-heatmap'])
    await queue.retry('j-1')
    await until(() => runs.length === 2)
    expect(queue.get('j-1')).toMatchObject({ results: ['a-heatmap'], missed: [] })
    runs[1]!.made!('b', [output('heatmap')])
    runs[1]!.succeed()
    await until(() => queue.get('j-1').state === 'done')
    expect(queue.get('j-1').results).toEqual(['a-heatmap', 'b-heatmap'])
    await queue.close()
  })

  it('is taken up after a crash with what was noted down', async () => {
    const folder = await tempFolder()
    const at = '2026-01-01T00:00:00.000Z'
    const lines = [
      { at, job: 'j-1', type: 'queued', record: batch },
      { at, job: 'j-1', type: 'started' },
      { at, job: 'j-1', type: 'made', results: ['a-heatmap'] },
      { at, job: 'j-1', type: 'missed', source: 'b', error: { code: 'corrupt', message: 'no picture' } },
    ]
    await writeFile(join(folder, 'jobs.jsonl'), lines.map((line) => JSON.stringify(line) + '\n').join(''))
    const { queue, runs, kept } = await setup(folder)
    await until(() => runs.length === 1)
    expect(kept).toEqual(['a-heatmap'])
    expect(queue.get('j-1')).toMatchObject({ results: ['a-heatmap'], missed: [{ source: 'b' }] })
    await queue.close()
  })

  it('fails as a whole where its results cannot be taken in', async () => {
    const { queue, runs } = await setup(await tempFolder(), {
      finish: async () => {
        throw new NagareError('disk-full', 'The disk is full.')
      },
    })
    await queue.add(batch)
    await until(() => runs.length === 1)
    runs[0]!.made!('a', [output('heatmap')])
    await until(() => queue.get('j-1').state === 'failed')
    expect(queue.get('j-1').error).toMatchObject({ code: 'disk-full' })
    expect(runs[0]!.stopped).toBe(true)
    await queue.close()
  })
})
