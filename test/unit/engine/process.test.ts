import { connect, socketWire, type Client, type EngineEvent, type Snapshot } from '@contract'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { supervise, type EngineChild, type Supervisor } from '../../../src-main/engine/supervisor'
import { bundle } from '../../helpers/bundle'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { noise, wav16 } from '../../helpers/signals'
import { until } from '../../helpers/wires'

interface Forked extends EngineChild {
  process: ChildProcess
}

let built: string
beforeAll(async () => {
  const { folder, remove } = await bundle({
    engine: 'test/helpers/engine-entry.ts',
    worker: 'test/helpers/worker-entry.ts',
  })
  built = folder
  return remove
})

/** A host in small: keeps an engine alive and hands it every upgraded socket. */
async function host(home: string) {
  const outputs: string[] = []
  const deaths: string[] = []
  const supervisor: Supervisor<Forked> = supervise({
    fork(lastExit) {
      const words = ['--project', join(home, 'project'), '--packs', '', '--settings', join(home, 'settings.json')]
      const child = fork(
        join(built, 'engine.mjs'),
        lastExit ? [...words, '--last-exit', JSON.stringify(lastExit)] : words,
        {
          execArgv: [],
          stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        },
      )
      for (const stream of [child.stdout, child.stderr])
        stream!.on('data', (data: Buffer) => outputs.push(String(data)))
      return {
        process: child,
        pid: child.pid,
        send: (message) => void (child.connected && child.send(message as object)),
        onMessage: (receive) => void child.on('message', receive),
        onExit: (exited) => void child.on('exit', exited),
        kill: () => void child.kill('SIGKILL'),
      }
    },
    onDown: ({ reason }) => deaths.push(reason),
    onGiveUp: ({ reason }) => deaths.push(`gave up: ${reason}`),
  })
  const server = createServer()
  server.on('upgrade', ({ method, url, headers }, socket, head: Buffer) => {
    supervisor.ready?.process.send(
      { type: 'socket', method, url, headers, head: head.toString('base64'), trusted: true },
      socket as Socket,
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    await supervisor.quit()
    server.close()
  })
  supervisor.start()

  const join_ = async () => {
    await until(() => supervisor.ready, 20_000)
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/wire`)
    await once(socket, 'open')
    const events: EngineEvent[] = []
    const state = { closed: false }
    const client = connect(socketWire(socket), {
      onEvent: (event) => events.push(event),
      onReset: () => {},
      onClose: () => (state.closed = true),
    })
    return { client, events, state }
  }
  return { supervisor, join: join_, deaths, outputs }
}

async function recording(home: string) {
  const path = join(home, 'noisy.wav')
  await writeFile(path, wav16(noise(160_000, 1)))
  return path
}

const snapshot = (client: Client): Promise<Snapshot> => client.call('state.get', {})
const halfFiles = async (home: string) =>
  (await filesUnder(join(home, 'project'))).filter((name) => /part$|^work|^exports/.test(name))

describe('the engine process', () => {
  it('comes back after SIGKILL in the middle of a job, says why, and does the job again with no half file left', async () => {
    const home = await tempFolder()
    const { supervisor, join, deaths } = await host(home)
    const first = await join()
    const source = { path: await recording(home) }
    const { job, asset } = await first.client.call('task.run', {
      task: 'copy',
      source,
      settings: { steps: 40, milliseconds: 25 },
    })
    await until(() => first.events.some(({ event, data }) => event === 'job.progress' && data.progress.done > 5))
    expect((await halfFiles(home)).some((name) => name.endsWith('.part'))).toBe(true)
    const pending = first.client
      .call('asset.add', { source: { asset: 'a-none' } })
      .catch((error: Error) => error.message)
    process.kill(supervisor.ready!.pid!, 'SIGKILL')
    await until(() => first.state.closed)
    expect(await pending).toMatch(/engine went away|no asset/)

    await until(() => deaths.length === 1)
    const second = await join()
    const back = await snapshot(second.client)
    expect(back.engine.lastExit).toMatchObject({
      signal: 'SIGKILL',
      code: null,
      reason: expect.stringMatching(/killed/),
    })
    expect(back.assets.map(({ id }) => id)).toEqual([asset.id])
    expect(back.jobs).toMatchObject([{ id: job.id }])
    const done = await until(async () => (await snapshot(second.client)).jobs.find(({ state }) => state === 'done'))
    expect(done).toMatchObject({ id: job.id, attempt: 2, error: null })
    const { assets } = await snapshot(second.client)
    expect(assets.map(({ name }) => name)).toEqual(['noisy.wav', 'noisy (copy).wav'])
    expect(await until(async () => (await halfFiles(home)).length === 0)).toBe(true)
    second.client.close()
  })

  it('ends a deaf job by force when it is cancelled, and goes on working', async () => {
    const home = await tempFolder()
    const { join, deaths } = await host(home)
    const { client, events } = await join()
    const source = { path: await recording(home) }
    const settings = { steps: 5000, milliseconds: 5, deaf: true }
    const { job, asset } = await client.call('task.run', { task: 'copy', source, settings })
    await until(() => events.some(({ event }) => event === 'job.progress'))
    await client.call('job.cancel', { job: job.id })
    await until(() => events.some(({ event, data }) => event === 'job.changed' && data.job.state === 'cancelled'))
    await until(async () => (await halfFiles(home)).length === 0)
    await client.call('task.run', { task: 'copy', source: { asset: asset.id } })
    await until(() => events.some(({ event, data }) => event === 'job.changed' && data.job.state === 'done'))
    expect(deaths).toEqual([])
    client.close()
  })

  it('quits when asked, leaves the job to the next opening and frees the project', async () => {
    const home = await tempFolder()
    const before = await host(home)
    const { client, events, state } = await before.join()
    const source = { path: await recording(home) }
    await client.call('task.run', { task: 'copy', source, settings: { steps: 20, milliseconds: 30 } })
    await until(() => events.some(({ event }) => event === 'job.progress'))
    await before.supervisor.quit()
    await until(() => state.closed)
    expect(await halfFiles(home)).toEqual([])
    expect(await filesUnder(join(home, 'project'))).not.toContain('lock')

    const after = await host(home)
    const again = await after.join()
    const done = await until(async () => (await snapshot(again.client)).jobs.find((job) => job.state === 'done'))
    expect(done.attempt).toBe(2)
    expect((await snapshot(again.client)).engine.lastExit).toBeNull()
    again.client.close()
  })

  it('says why it cannot open its project, until it is given up', async () => {
    const home = await tempFolder()
    await writeFile(join(home, 'project'), 'a file where a folder should be')
    const { supervisor, deaths } = await host(home)
    await until(() => deaths.length > 0)
    expect(supervisor.ready).toBeUndefined()
    expect(deaths[0]).toMatch(/project/)
    const log = await readFile(join(home, 'logs', 'engine.jsonl'), 'utf8')
    expect(JSON.parse(log.split('\n')[0]!)).toMatchObject({ level: 'error', event: 'engine-dies', code: 72 })
  })

  it('survives a window that speaks nonsense', async () => {
    const home = await tempFolder()
    const { join, deaths, supervisor } = await host(home)
    const good = await join()
    const pid = supervisor.ready!.pid
    const bad = await join()
    await expect(bad.client.call('asset.rename', { asset: 'a-1', name: 'x'.repeat(2_000_000) })).rejects.toThrow(
      /went away/,
    )
    expect(await snapshot(good.client)).toMatchObject({ jobs: [] })
    expect(supervisor.ready!.pid).toBe(pid)
    expect(deaths).toEqual([])
    good.client.close()
  })
})
