import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openJobLog, type JobLog } from '../../../src-main/jobs'
import { tempFolder } from '../../helpers/folder'
import { testJob } from '../../helpers/jobs'

const at = '2026-01-01T00:00:01.000Z'
const file = async () => join(await tempFolder(), 'jobs.jsonl')
const queued = (id: string) => ({ at, job: id, type: 'queued', record: testJob(id) }) as const
const states = (log: JobLog) => log.jobs.map(({ job, crashes }) => `${job.id} ${job.state} ${job.attempt} ${crashes}`)

describe('openJobLog', () => {
  it('tells after a reopening what became of every job', async () => {
    const path = await file()
    const log = await openJobLog(path)
    expect(log.jobs).toEqual([])
    for (const id of ['done', 'failed', 'cancelled', 'removed', 'running', 'waiting']) await log.append(queued(id))
    for (const job of ['done', 'failed', 'cancelled', 'removed', 'running'])
      await log.append({ at, job, type: 'started' })
    await log.append({ at, job: 'done', type: 'done', results: ['a-2'] })
    await log.append({ at, job: 'failed', type: 'failed', error: { code: 'corrupt', message: 'no' } })
    await log.append({ at, job: 'cancelled', type: 'cancelled' })
    await log.append({ at, job: 'removed', type: 'removed' })
    await log.close()
    const again = await openJobLog(path)
    expect(states(again)).toEqual([
      'done done 1 0',
      'failed failed 1 0',
      'cancelled cancelled 1 0',
      'running running 1 0',
      'waiting queued 0 0',
    ])
    expect(again.jobs[0]!.job).toMatchObject({ results: ['a-2'], startedAt: at, endedAt: at })
    expect(again.jobs[1]!.job.error).toEqual({ code: 'corrupt', message: 'no' })
    await again.close()
  })

  it('keeps order and pause when it is rewritten', async () => {
    const path = await file()
    const log = await openJobLog(path)
    for (const id of ['a', 'b', 'c']) await log.append(queued(id))
    await log.append({ at, job: 'c', type: 'moved', before: 'a' })
    for (let i = 0; i < 30; i++) await log.append({ at, job: 'b', type: 'moved', before: null })
    await log.append({ at, type: 'paused' })
    await log.close()
    const order = (opened: JobLog) => [...opened.jobs.map(({ job }) => job.id), opened.isPaused]
    const rewritten = await openJobLog(path, { compactFrom: 10 })
    expect(order(rewritten)).toEqual(['c', 'a', 'b', true])
    await rewritten.close()
    expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(4)
    const again = await openJobLog(path)
    expect(order(again)).toEqual(['c', 'a', 'b', true])
    await again.close()
  })

  it('counts crashes, and forgives them when the person tries again', async () => {
    const path = await file()
    const log = await openJobLog(path)
    await log.append(queued('a'))
    await log.append(queued('b'))
    for (const reason of ['crash', 'quit', 'crash'] as const) {
      await log.append({ at, job: 'a', type: 'started' })
      await log.append({ at, job: 'a', type: 'requeued', reason })
    }
    await log.close()
    const second = await openJobLog(path)
    expect(states(second)).toEqual(['a queued 3 2', 'b queued 0 0'])
    await second.append({ at, job: 'a', type: 'requeued', reason: 'retry' })
    await second.close()
    const third = await openJobLog(path)
    expect(states(third)).toEqual(['b queued 0 0', 'a queued 3 0'])
    await third.close()
  })

  it('reads records from before the device asked for was kept', async () => {
    const path = await file()
    const record: Record<string, unknown> = { ...testJob('a', { state: 'failed', device: 'webgpu' }) }
    delete record['requested']
    delete record['fallback']
    await writeFile(path, JSON.stringify({ at, job: 'a', type: 'queued', record }) + '\n')
    const log = await openJobLog(path)
    expect(log.skipped).toBe(0)
    expect(log.jobs[0]!.job).toMatchObject({ device: 'webgpu', requested: null, fallback: null })
    await log.append({ at, job: 'a', type: 'requeued', reason: 'retry' })
    await log.close()
    const again = await openJobLog(path)
    expect(again.jobs[0]!.job).toMatchObject({ state: 'queued', device: 'webgpu' })
    await again.close()
  })

  it.each(['{"at":"2026-01-01T00:0', '{"at', '\u00e9'])(
    'forgives a torn last line %j and goes on after the last whole one',
    async (torn) => {
      const path = await file()
      const log = await openJobLog(path)
      await log.append(queued('a'))
      await log.close()
      const before = await readFile(path, 'utf8')
      await appendFile(path, torn)
      const again = await openJobLog(path)
      await again.append(queued('b'))
      await again.close()
      const text = await readFile(path, 'utf8')
      expect(text.startsWith(before)).toBe(true)
      const last = await openJobLog(path)
      expect(states(last)).toEqual(['a queued 0 0', 'b queued 0 0'])
      expect(last.skipped).toBe(0)
      await last.close()
    },
  )

  it('takes away a last line that was torn inside a character', async () => {
    const path = await file()
    const whole = JSON.stringify(queued('a')) + '\n'
    const torn = Buffer.from(JSON.stringify({ ...queued('b'), label: '流れ' }))
    await writeFile(path, Buffer.concat([Buffer.from(whole), torn.subarray(0, torn.indexOf(Buffer.from('流')) + 1)]))
    const log = await openJobLog(path)
    await log.append(queued('c'))
    await log.close()
    const again = await openJobLog(path)
    expect(states(again)).toEqual(['a queued 0 0', 'c queued 0 0'])
    expect(again.skipped).toBe(0)
    await again.close()
  })

  it('passes over a line that makes no sense', async () => {
    const path = await file()
    const good = JSON.stringify(queued('a'))
    await writeFile(path, `${good}\n\u0000\u0000\n{"type":"started","job":"../x"}\n${JSON.stringify(queued('b'))}\n`)
    const log = await openJobLog(path)
    expect(states(log)).toEqual(['a queued 0 0', 'b queued 0 0'])
    expect(log.skipped).toBe(2)
    await log.close()
  })

  it('takes back a line that a full disk cut short', async () => {
    const path = await file()
    let isFull = false
    const log = await openJobLog(path, {
      async write(handle, line) {
        await handle.appendFile(isFull ? line.slice(0, 20) : line)
        if (isFull) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      },
    })
    await log.append(queued('a'))
    isFull = true
    await expect(log.append(queued('b'))).rejects.toMatchObject({ code: 'disk-full', file: path })
    isFull = false
    await log.append(queued('c'))
    await log.close()
    const again = await openJobLog(path)
    expect(states(again)).toEqual(['a queued 0 0', 'c queued 0 0'])
    expect(again.skipped).toBe(0)
    await again.close()
  })

  it('is rewritten when it is long and mostly history, with nothing lost', async () => {
    const path = await file()
    const log = await openJobLog(path)
    await log.append(queued('a'))
    await log.append(queued('b'))
    for (let i = 0; i < 10; i++) {
      await log.append({ at, job: 'a', type: 'started' })
      await log.append({ at, job: 'a', type: 'requeued', reason: i < 2 ? 'crash' : 'quit' })
    }
    await log.close()
    const compacted = await openJobLog(path, { compactFrom: 15 })
    const before = states(compacted)
    expect(before).toEqual(['a queued 10 2', 'b queued 0 0'])
    await compacted.close()
    expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(2)
    const again = await openJobLog(path)
    expect(states(again)).toEqual(before)
    await again.close()
  })
})
