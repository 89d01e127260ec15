import { connect, Snapshot, type CallError, type EngineEvent } from '@contract'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openEngine, type EngineOptions } from '../../../src-main/engine/engine'
import { openAudio } from '../../../src-main/dsp'
import type { RunOnDeviceOptions } from '../../../src-main/tasks/run-on-device'
import type { TaskDefinition } from '../../../src-main/tasks/task'
import { copyTask } from '../../helpers/copy-task'
import { inlineRunner, testShelf } from '../../helpers/engine'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { noise, wav16 } from '../../helpers/signals'
import { portLine, until } from '../../helpers/wires'

const tasks = [copyTask as unknown as TaskDefinition]

async function setup(more: Partial<EngineOptions> = {}) {
  const home = await tempFolder()
  const folder = join(home, 'project')
  const settingsFile = join(home, 'settings.json')
  const engine = await openEngine({
    ...{ folder, settingsFile, tasks, shelf: testShelf('basic', 'other'), run: inlineRunner(tasks), version: '1.2.3' },
    listDevices: async () => [{ id: 'cpu', name: 'Test processor', available: true }],
    ...more,
  })
  onTestFinished(() => engine.close())
  const join_ = async (trusted: boolean) => {
    const line = await portLine()
    const events: EngineEvent[] = []
    engine.serve(line.engine, trusted)
    const client = connect(line.window, {
      onEvent: (event) => events.push(event),
      onReset: () => {},
      onClose: () => {},
    })
    onTestFinished(() => client.close())
    return { client, events }
  }
  const file = join(home, 'noisy.wav')
  await writeFile(file, wav16(noise(16000, 1)))
  const upload = async (id: string, data: Uint8Array = wav16(noise(16000, 1))) =>
    writeFile(join(folder, 'incoming', id), data)
  return { home, folder, settingsFile, engine, file, upload, join: join_, ...(await join_(true)) }
}

const failure = (call: Promise<unknown>) =>
  call.then(
    () => {
      throw new Error('expected the call to fail')
    },
    (error: CallError) => error.record,
  )

describe('the engine', () => {
  it('carries a job from a dropped file to a result beside it', async () => {
    const { client, events, file, folder } = await setup()
    const { asset, job } = await client.call('task.run', {
      task: 'copy',
      source: { path: file },
      settings: { steps: 5 },
      seed: 42,
    })
    expect(asset).toMatchObject({ name: 'noisy.wav', audio: { frames: 16000 } })
    expect(job).toMatchObject({
      ...{ task: 'copy', label: 'Copy', source: asset.id, state: 'queued', pack: 'basic', seed: 42 },
      ...{ device: 'auto', requested: 'auto', fallback: null },
      settings: { steps: 5, milliseconds: 0, deaf: false },
      command: "nagare copy noisy.wav -o 'noisy (copy).wav' --model basic --device auto --seed 42 --steps 5",
    })
    await until(() => events.some(({ event, data }) => event === 'job.changed' && data.job.state === 'done'))
    const state = Snapshot.parse(await client.call('state.get', {}))
    expect(state).toMatchObject({ version: '1.2.3', project: { name: 'project' }, engine: { lastExit: null } })
    const result = state.assets.find(({ origin }) => origin)!
    expect(result).toMatchObject({
      name: 'noisy (copy).wav',
      origin: {
        job: job.id,
        task: 'copy',
        role: 'copy',
        source: asset.id,
        pack: { id: 'basic', name: 'Model basic', sha256: 'f'.repeat(64) },
        seed: 42,
        device: 'cpu',
        fallback: null,
      },
    })
    expect(state.jobs).toMatchObject([{ id: job.id, state: 'done', results: [result.id], attempt: 1 }])
    expect(state.jobs[0]).toMatchObject({ device: 'cpu', requested: 'auto', fallback: null })
    const kinds = events.map(({ event, data }) => (event === 'job.changed' ? data.job.state : event))
    expect(kinds.filter((kind) => !/progress|settings/.test(kind))).toEqual([
      'asset.changed',
      'queued',
      'running',
      // With the device that `auto` became.
      'running',
      'asset.changed',
      'done',
    ])
    const left = (await filesUnder(folder)).map((name) => name.replace(/^assets\/[^/]+/, 'asset'))
    const each = ['asset/asset.json', 'asset/peaks.bin', 'asset/source.wav']
    expect(left).toEqual([...each, ...each, 'jobs.jsonl', 'lock', 'project.json'])
    const { tasks, models } = state.settings
    expect({ tasks, models }).toEqual({ tasks: { copy: { steps: 5 } }, models: {} })
  })

  it('remembers the settings and the model that a run was given', async () => {
    const { client, events, file } = await setup()
    const run = { task: 'copy', source: { path: file }, settings: { steps: 5 } }
    const changes = () => events.flatMap(({ event, data }) => (event === 'settings.changed' ? [data.settings] : []))
    await client.call('settings.set', { models: { enhance: 'speech' } })
    await client.call('task.run', { ...run, pack: 'other' })
    const remembered = { tasks: { copy: { steps: 5 } }, models: { enhance: 'speech', copy: 'other' } }
    expect(changes().at(-1)).toMatchObject(remembered)
    await client.call('task.run', run)
    expect(await failure(client.call('task.run', { ...run, pack: 'gone' }))).toMatchObject({ code: 'not-found' })
    expect((await client.call('state.get', {})).settings).toMatchObject(remembered)
    expect(changes()).toHaveLength(2)
  })

  it('describes its tasks by JSON Schema and lists devices', async () => {
    const { client } = await setup()
    const { tasks } = await client.call('state.get', {})
    expect(tasks).toMatchObject([
      {
        id: 'copy',
        packKinds: ['test'],
        settings: { type: 'object', properties: { steps: { type: 'integer', minimum: 1, default: 4 } } },
      },
    ])
    expect(await client.call('device.list', {})).toEqual({
      devices: [{ id: 'cpu', name: 'Test processor', available: true }],
    })
  })

  it('lets only trusted windows name paths; an upload serves the others', async () => {
    const { join, file, upload, folder } = await setup()
    const { client } = await join(false)
    for (const call of [
      client.call('asset.add', { source: { path: file } }),
      client.call('task.run', { task: 'copy', source: { path: file } }),
      client.call('pack.add', { source: { path: file } }),
    ])
      expect(await failure(call)).toMatchObject({ code: 'no-permission' })
    await upload('u-1')
    const { asset } = await client.call('asset.add', { source: { upload: 'u-1', name: 'sent.wav' } })
    expect(asset.name).toBe('sent.wav')
    expect((await filesUnder(folder)).some((name) => name.startsWith('incoming'))).toBe(false)
  })

  it('refuses what cannot run, by name, and leaves nothing behind', async () => {
    const { client, file, home, folder } = await setup()
    const source = { path: file }
    const before = await filesUnder(folder)
    expect(await failure(client.call('task.run', { task: 'cook', source }))).toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/cook.*copy/) as unknown,
    })
    const wrong = client.call('task.run', { task: 'copy', source, settings: { steps: 0 } })
    expect(await failure(wrong)).toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/steps/) as unknown,
    })
    const unknown = client.call('task.run', { task: 'copy', source, pack: 'gone' })
    expect(await failure(unknown)).toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/gone.*basic, other/) as unknown,
    })
    await writeFile(join(home, 'letter.wav'), 'Dear all')
    const text = client.call('task.run', { task: 'copy', source: { path: join(home, 'letter.wav') } })
    expect(await failure(text)).toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/letter\.wav/) as unknown,
    })
    const nothing = client.call('task.run', { task: 'copy', source: { asset: 'a-none' } })
    expect(await failure(nothing)).toMatchObject({ code: 'not-found' })
    expect(await filesUnder(folder)).toEqual(before)
    expect((await client.call('state.get', {})).jobs).toEqual([])
  })

  describe('a device that fails', () => {
    type Opening = NonNullable<RunOnDeviceOptions['open']>
    const card: Opening = async () => ({ id: 'webgpu' })
    const noCard: Opening = async (id, { fallback }) => {
      if (id !== 'cpu') fallback('Card cannot be used: it smokes. Computing on the processor instead (Test).')
      return { id: 'cpu' }
    }
    const run = async (open: Opening, settings: Record<string, unknown>) => {
      const made = await setup({ run: inlineRunner(tasks, { open }) })
      const { client, events, file } = made
      await client.call('settings.set', { device: 'webgpu' })
      const { job } = await client.call('task.run', { task: 'copy', source: { path: file }, settings })
      expect(job).toMatchObject({ device: 'webgpu', requested: 'webgpu', fallback: null })
      const jobs = () => events.flatMap(({ event, data }) => (event === 'job.changed' ? [data.job] : []))
      await until(() => jobs().find(({ state }) => /done|failed|cancelled/.test(state)))
      const state = Snapshot.parse(await client.call('state.get', {}))
      return { ...made, ended: jobs().at(-1)!, jobs: jobs(), result: state.assets.find(({ origin }) => origin) }
    }

    it('when it is opened is left for the processor, and job and result say so', async () => {
      const { ended, result, client } = await run(noCard, {})
      const fallback = 'Card cannot be used: it smokes. Computing on the processor instead (Test).'
      expect(ended).toMatchObject({ state: 'done', device: 'cpu', requested: 'webgpu', fallback })
      expect(result!.origin).toMatchObject({ device: 'cpu', fallback })
      // A new run asks for what the person chose.
      const again = await client.call('task.run', { task: 'copy', source: { asset: result!.origin!.source } })
      expect(again.job).toMatchObject({ device: 'webgpu', fallback: null })
    })

    it('on the way is left for the processor: the job starts anew, and its half is gone', async () => {
      const { ended, result, jobs, folder } = await run(card, { deviceFailure: 'Card was lost' })
      const fallback = 'Card was lost. Started anew on the processor.'
      expect(ended).toMatchObject({ state: 'done', attempt: 1, device: 'cpu', requested: 'webgpu', fallback })
      expect(result!.origin).toMatchObject({ device: 'cpu', fallback })
      expect(result!.audio).toMatchObject({ frames: 16000 })
      expect(jobs.some(({ fallback, state }) => fallback !== null && state === 'running')).toBe(true)
      expect((await filesUnder(folder)).filter((name) => /part|^work/.test(name))).toEqual([])
    })

    it('is not blamed for what the task itself does wrong', async () => {
      const { ended, result } = await run(card, { failure: 'The model burst.' })
      expect(ended).toMatchObject({ state: 'failed', device: 'webgpu', fallback: null })
      expect(ended.error).toMatchObject({ message: 'The model burst.' })
      expect(result).toBeUndefined()
    })
  })

  it('shows a failed job with its reason, tries it again, and removes it', async () => {
    const { client, events, file, folder } = await setup()
    const settings = { failure: 'The model burst.' }
    const { job, asset } = await client.call('task.run', { task: 'copy', source: { path: file }, settings })
    const failed = () => events.filter(({ event, data }) => event === 'job.changed' && data.job.state === 'failed')
    await until(() => failed().length === 1)
    expect(failed()[0]).toMatchObject({
      data: { job: { error: { code: 'internal', message: 'The model burst.' }, results: [] } },
    })
    expect((await client.call('job.retry', { job: job.id })).job).toMatchObject({ state: 'queued' })
    await until(() => failed().length === 2)
    await client.call('job.remove', { job: job.id })
    const state = await client.call('state.get', {})
    expect(state.jobs).toEqual([])
    expect(state.assets.map(({ id }) => id)).toEqual([asset.id])
    expect((await filesUnder(folder)).some((name) => name.startsWith('work'))).toBe(false)
  })

  it('cancels a running job, guards its source meanwhile, and keeps nothing of it', async () => {
    const { client, events, file, folder } = await setup()
    const settings = { steps: 1000, milliseconds: 5 }
    const { job, asset } = await client.call('task.run', { task: 'copy', source: { path: file }, settings })
    await until(() => events.some(({ event }) => event === 'job.progress'))
    expect(await failure(client.call('asset.remove', { asset: asset.id }))).toMatchObject({ code: 'conflict' })
    expect(await failure(client.call('job.remove', { job: job.id }))).toMatchObject({ code: 'conflict' })
    expect(await failure(client.call('pack.remove', { pack: 'basic' }))).toMatchObject({ code: 'conflict' })
    await client.call('job.cancel', { job: job.id })
    await until(() => events.some(({ event, data }) => event === 'job.changed' && data.job.state === 'cancelled'))
    await client.call('asset.remove', { asset: asset.id })
    await until(async () => !(await filesUnder(folder)).some((name) => /^(work|assets)/.test(name)))
    expect((await client.call('state.get', {})).assets).toEqual([])
    expect(await failure(client.call('job.retry', { job: job.id }))).toMatchObject({ code: 'not-found' })
  })

  it('renames and exports', async () => {
    const { client, file, folder } = await setup()
    const { asset } = await client.call('asset.add', { source: { path: file } })
    await client.call('asset.rename', { asset: asset.id, name: 'Über den Wolken.wav' })
    const exported = await client.call('asset.export', { asset: asset.id, format: 'wav-s24' })
    expect(exported).toMatchObject({
      name: 'Über den Wolken.wav',
      url: `/exports/${encodeURIComponent('Über den Wolken.wav')}`,
    })
    const reader = await openAudio(join(folder, 'exports', exported.name))
    expect(reader.info).toMatchObject({ encoding: 's24', frames: 16000 })
    await reader.close()
  })

  it('adds and removes models and tells every window', async () => {
    const { client, events, upload, folder } = await setup()
    await upload('u-1')
    const { pack } = await client.call('pack.add', { source: { upload: 'u-1', name: 'choir.nagare' } })
    expect(pack.id).toBe('choir')
    await upload('u-2')
    const bad = client.call('pack.add', { source: { upload: 'u-2', name: 'bad.zip' } })
    expect(await failure(bad)).toMatchObject({ code: 'corrupt' })
    expect(await failure(client.call('pack.add', { source: { asset: 'a-1' } }))).toMatchObject({ code: 'bad-input' })
    await client.call('pack.remove', { pack: 'choir' })
    const lists = events.flatMap(({ event, data }) =>
      event === 'pack.changed' ? [data.packs.map(({ id }) => id)] : [],
    )
    expect(lists).toEqual([
      ['basic', 'other', 'choir'],
      ['basic', 'other'],
    ])
    expect((await filesUnder(folder)).filter((name) => /^(work|incoming)/.test(name))).toEqual([])
  })

  it('fails a waiting job whose model is gone when its turn comes', async () => {
    const shelf = testShelf('basic')
    const { client, events, file } = await setup({ shelf: { ...shelf, list: () => shelf.list() } })
    await client.call('task.run', { task: 'copy', source: { path: file }, settings: { steps: 2000, milliseconds: 5 } })
    const second = await client.call('task.run', { task: 'copy', source: { path: file } })
    await shelf.remove('basic')
    await until(() => events.some(({ event }) => event === 'job.progress'))
    const [first] = (await client.call('state.get', {})).jobs
    await client.call('job.cancel', { job: first!.id })
    const changes = () => events.flatMap(({ event, data }) => (event === 'job.changed' ? [data.job] : []))
    const failed = await until(() => changes().find(({ state }) => state === 'failed'))
    expect(failed).toMatchObject({
      id: second.job.id,
      error: { code: 'not-found', message: expect.stringMatching(/basic/) as unknown },
    })
  })
})

describe('settings', () => {
  it('are kept over a restart, changed one by one', async () => {
    const { client, events, settingsFile, engine } = await setup()
    await client.call('settings.set', { theme: 'dark' })
    await client.call('settings.set', { tasks: { enhance: { strength: 0.5 } }, models: { enhance: 'speech' } })
    await client.call('settings.set', { models: { copy: 'basic' } })
    const changed = await client.call('settings.set', { tasks: { copy: { steps: 3 } } })
    const expected = {
      device: 'auto',
      theme: 'dark',
      language: 'system',
      exportFormat: 'wav-s16',
      tasks: { enhance: { strength: 0.5 }, copy: { steps: 3 } },
      models: { enhance: 'speech', copy: 'basic' },
    }
    expect(changed).toEqual(expected)
    expect(events.at(-1)).toEqual({ event: 'settings.changed', data: { settings: expected } })
    await engine.close()
    const again = await setup({ settingsFile })
    expect((await again.client.call('state.get', {})).settings).toEqual(expected)
  })
})
