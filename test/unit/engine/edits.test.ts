import { connect, type Asset, type CallError, type EditRequest, type EngineEvent } from '@contract'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { createWav, integratedLoudness, openAudio } from '../../../src-main/dsp'
import { openEngine } from '../../../src-main/engine/engine'
import { contentFile, openProject } from '../../../src-main/project'
import type { TaskDefinition } from '../../../src-main/tasks/task'
import { inlineRunner, testShelf } from '../../helpers/engine'
import { tempFolder } from '../../helpers/folder'
import { babble, largestDifference, noise, wav16 } from '../../helpers/signals'
import { portLine, until } from '../../helpers/wires'

const rate = 16_000
const seconds = 6

/** What the task was given to hear, in samples. */
let heard = 0

/** Gives half of what it hears, in one channel, and the other half as noise. */
const halve: TaskDefinition = {
  ...{ id: 'halve', label: 'Halve', description: '', accepts: ['audio'], packKinds: ['test'], settings: z.object({}) },
  context: 0.5,
  commandOptions: () => [],
  async run({ source, sourceName, output }) {
    const reader = await openAudio(source)
    const [x] = (await reader.read(reader.info.frames))!
    await reader.close()
    heard = x!.length
    const outputs = []
    for (const role of ['clean', 'noise']) {
      const writer = await createWav(output(role), { sampleRate: reader.info.sampleRate, channels: 1, format: 'f32' })
      await writer.write([x!.map((value) => value / 2)])
      await writer.finish()
      outputs.push({ role, file: output(role), name: `${sourceName} (${role}).wav` })
    }
    return outputs
  },
}

async function setup() {
  const home = await tempFolder()
  const folder = join(home, 'project')
  const start = async () => {
    const engine = await openEngine({
      ...{ folder, settingsFile: join(home, 'settings.json'), tasks: [halve], shelf: testShelf('basic') },
      ...{ run: inlineRunner([halve]), version: '1', listDevices: async () => [] },
    })
    const line = await portLine()
    const events: EngineEvent[] = []
    engine.serve(line.engine, true)
    const client = connect(line.window, {
      onEvent: (event) => events.push(event),
      onReset: () => {},
      onClose: () => {},
    })
    const close = async () => {
      client.close()
      await engine.close()
    }
    return { client, events, close }
  }
  const first = await start()
  let close = first.close
  onTestFinished(() => close())
  const add = async (name: string, x: Float32Array) => {
    await writeFile(join(home, name), wav16(x, rate))
    return (await first.client.call('asset.add', { source: { path: join(home, name) } })).asset
  }
  const edit = async (asset: string, request: EditRequest) =>
    (await first.client.call('edit.apply', { asset, edit: request })).asset
  const finished = async (job: string) => {
    await until(() =>
      first.events.some(
        ({ event, data }) => event === 'job.changed' && data.job.id === job && data.job.state === 'done',
      ),
    )
    const { assets } = await first.client.call('state.get', {})
    return (role: string) => assets.find(({ origin }) => origin?.job === job && origin.role === role)!
  }
  /** Ends the engine and reads an asset's sound as the project holds it. */
  const soundOf = async ({ id }: Asset) => {
    await close()
    close = async () => {}
    const project = await openProject(folder)
    const reader = await openAudio(await contentFile(project, id))
    const sound = (await reader.read(reader.info.frames))!
    await reader.seek(0)
    const loudness = await integratedLoudness(reader)
    await reader.close()
    await project.close()
    return { sound, loudness }
  }
  return { ...first, add, edit, finished, soundOf }
}

const failure = (call: Promise<unknown>) =>
  call.then(
    () => {
      throw new Error('expected the call to fail')
    },
    (error: CallError) => error.record,
  )

describe('editing through the engine', () => {
  it('tells every window what a document is after each edit, undo and redo', async () => {
    const { client, events, add, edit } = await setup()
    const asset = await add('talk.wav', babble(seconds * rate, rate))
    const cut = await edit(asset.id, { kind: 'cut', from: 1000, to: 2000 })
    expect(events.at(-1)).toMatchObject({ event: 'asset.changed', data: { asset: cut } })
    expect((await client.call('edit.undo', { asset: asset.id })).asset).toMatchObject({
      audio: { frames: seconds * rate },
      edit: { undo: null, redo: 'cut' },
    })
    expect((await client.call('edit.redo', { asset: asset.id })).asset.edit).toEqual({ ...cut.edit, revision: 3 })
  })

  it('pastes what was copied, also from another document, as it was when it was copied', async () => {
    const { add, edit, soundOf } = await setup()
    const [a, b] = [babble(seconds * rate, rate), noise(seconds * rate, 3)]
    const one = await add('one.wav', a)
    const other = await add('two.wav', b)
    const clip = { asset: other.id, revision: 0, from: 8000, to: 16_000 }
    await edit(other.id, { kind: 'delete', from: 0, to: 16_000 })
    const pasted = await edit(one.id, { kind: 'paste', from: 100, to: 1100, clip })
    expect(pasted).toMatchObject({ edit: { undo: 'paste' }, audio: { frames: seconds * rate + 7000 } })
    const [x] = (await soundOf(pasted)).sound
    expect(largestDifference(x!.subarray(150, 8050), b.subarray(8050, 15_950))).toBeLessThan(1e-4)
  })

  it.each([
    ['peak', -1],
    ['loudness', -16],
  ] as const)('normalises by %s', async (measure, target) => {
    const { add, edit, soundOf } = await setup()
    const asset = await add(
      'talk.wav',
      babble(seconds * rate, rate).map((value) => value / 8),
    )
    const louder = await edit(asset.id, { kind: 'normalise', from: 0, to: seconds * rate, measure, target })
    expect(measure === 'peak' ? 20 * Math.log10(louder.audio!.peak) : louder.audio!.loudness).toBeCloseTo(target, 3)
    const { loudness, sound } = await soundOf(louder)
    const peak = sound[0]!.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    expect(measure === 'peak' ? 20 * Math.log10(peak) : loudness).toBeCloseTo(target, 3)
  })

  it('runs a task on a stretch with some of what is around it, and sets what comes back in its place', async () => {
    const { client, add, edit, finished, soundOf } = await setup()
    const x = noise(seconds * rate, 8)
    const asset = await add('talk.wav', x)
    await edit(asset.id, { kind: 'delete', from: 0, to: rate })
    const range = { from: 2 * rate, to: 3 * rate }
    const source = { asset: asset.id }
    const { job } = await client.call('task.run', { task: 'halve', source, range })
    expect(job).toMatchObject({ range, revision: 1, command: '' })
    const made = await finished(job.id)
    expect(heard).toBe(2 * rate)
    const [clean, residual] = [made('clean'), made('noise')]
    expect(clean).toMatchObject({ origin: { range }, audio: { frames: (seconds - 1) * rate }, edit: { undo: null } })
    expect(residual.audio!.frames).toBe((seconds - 1) * rate)

    const inserted = await edit(asset.id, { kind: 'insertResult', ...range, result: clean.id })
    expect(inserted).toMatchObject({ edit: { undo: 'insertResult' }, audio: { frames: (seconds - 1) * rate } })
    expect(await failure(client.call('edit.undo', { asset: clean.id }))).toMatchObject({ code: 'conflict' })
    // The result may go: what was inserted stays.
    await client.call('asset.remove', { asset: clean.id })
    const [y] = (await soundOf(inserted)).sound
    const half = 0.01 * rate
    const edited = x.subarray(rate)
    const at = (from: number, to: number, factor: number) =>
      largestDifference(
        y!.subarray(from, to),
        edited.subarray(from, to).map((value) => factor * value),
      )
    expect(at(0, range.from - half, 1)).toBeLessThan(1e-4)
    expect(at(range.from + half, range.to - half, 0.5)).toBeLessThan(1e-4)
    expect(at(range.to + half, edited.length, 1)).toBeLessThan(1e-4)
    // Half and whole are alike, so that in between the gain goes in a line.
    const [ours, theirs] = [y!, edited].map((whole) => whole.subarray(range.from - 8, range.from + 8))
    const dot = (one: Float32Array, other: Float32Array) => one.reduce((sum, value, i) => sum + value * other[i]!, 0)
    expect(dot(ours!, theirs!) / dot(theirs!, theirs!)).toBeCloseTo(0.75, 1)
  })

  it('says what is wrong with a request', async () => {
    const { client, add } = await setup()
    const asset = await add('talk.wav', new Float32Array(rate))
    const edit = (request: EditRequest) => failure(client.call('edit.apply', { asset: asset.id, edit: request }))
    const all = { from: 0, to: rate }
    expect(await edit({ kind: 'delete', from: 0, to: rate + 1 })).toMatchObject({ code: 'bad-input' })
    expect(await edit({ kind: 'delete', ...all })).toMatchObject({ message: 'Nothing of the document would be left.' })
    expect(await edit({ kind: 'normalise', ...all, measure: 'peak', target: 0 })).toMatchObject({ code: 'bad-input' })
    expect(await edit({ kind: 'normalise', ...all, measure: 'loudness', target: -16 })).toMatchObject({
      message: 'There is only silence; no gain makes it louder.',
    })
    const clip = { asset: 'a-gone', revision: 0, from: 0, to: 10 }
    expect(await edit({ kind: 'paste', from: 0, to: 0, clip })).toMatchObject({
      message: 'What was copied is not in the project any more.',
    })
    const beyond = { ...clip, asset: asset.id, to: rate + 1 }
    expect(await edit({ kind: 'paste', from: 0, to: 0, clip: beyond })).toMatchObject({ code: 'bad-input' })
    const run = client.call('task.run', {
      ...{ task: 'halve', source: { asset: asset.id }, range: { from: 0, to: rate + 1 } },
    })
    expect(await failure(run)).toMatchObject({ code: 'bad-input' })
    expect((await client.call('state.get', {})).jobs).toEqual([])
  })
})
