import type { Asset, EngineEvent } from '@contract'
import { readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { watchRecordings } from '../../../src-main/engine/recordings'
import { NagareError } from '../../../src-main/lib/errors'
import { openProject, type ProjectIo } from '../../../src-main/project'
import { handClock } from '../../helpers/clock'
import { tempFolder } from '../../helpers/folder'
import { until } from '../../helpers/wires'

const given = { name: 'Take.wav', device: 'Mic', sampleRate: 8000, channels: 1 }

async function setup(folder?: string, io?: ProjectIo) {
  const project = await openProject(folder ?? (await tempFolder()), io ? { io } : {})
  const background = vi.spyOn(project, 'inBackground').mock.calls
  let ended = 0
  const clock = handClock()
  const events: EngineEvent[] = []
  const recordings = watchRecordings({ project, emit: (event) => events.push(event), clock })
  onTestFinished(() => project.close())
  const soundOf = (id: string) => join(project.paths.recordings, id, 'sound.wav')
  const speak = (id: string, frames = 80) => writeFile(soundOf(id), Buffer.alloc(4 * frames, 1), { flag: 'a' })
  /** Lets one look go by, and waits until it is over and the next is planned. */
  const look = async () => {
    clock.advance(1000)
    for (; ended < background.length; ended++) await background[ended]![0]
  }
  return { project, recordings, events, clock, soundOf, speak, look }
}

const rescued = (assets: Asset[]) => assets.map(({ recorded }) => recorded?.recoveredAt != null)

describe('recordings', () => {
  it('become assets when their windows finish them', async () => {
    const { recordings, project, speak } = await setup()
    const { id } = await recordings.begin(given)
    await speak(id)
    const both = await Promise.all([recordings.finish(id), recordings.finish(id)])
    expect(both[0]!.id).toBe(both[1]!.id)
    expect(rescued(project.assets.list())).toEqual([false])
  })

  it('that hold nothing say so and leave nothing', async () => {
    const { recordings, project } = await setup()
    const { id } = await recordings.begin(given)
    await expect(recordings.finish(id)).rejects.toMatchObject({ code: 'bad-input' })
    expect(await readdir(project.paths.recordings)).toEqual([])
  })

  it('that nobody adds to any more are completed by themselves, those that go on are not', async () => {
    const { recordings, project, speak, look } = await setup()
    const left = await recordings.begin({ ...given, name: 'Left.wav' })
    const goesOn = await recordings.begin({ ...given, name: 'Goes on.wav' })
    await speak(left.id)
    for (let i = 0; i < 12; i++) {
      await speak(goesOn.id)
      await look()
    }
    expect(project.assets.list()).toMatchObject([{ name: 'Left.wav', audio: { frames: 80 } }])
    expect(rescued(project.assets.list())).toEqual([true])
    expect(await recordings.finish(goesOn.id)).toMatchObject({ name: 'Goes on.wav', audio: { frames: 960 } })
  })

  it('whose end failed in a window are completed by themselves', async () => {
    let isFull = true
    let writing: (() => void) | undefined
    const write = async (path: string, data: Uint8Array) => {
      if (!isFull) return writeFile(path, data)
      await new Promise<void>((go) => (writing = go))
      throw new NagareError('disk-full', 'The disk is full.')
    }
    const { recordings, project, speak, look } = await setup(undefined, { copy: async () => {}, write })
    const { id } = await recordings.begin(given)
    await speak(id)
    const finished = recordings.finish(id).catch((thrown: unknown) => thrown)
    await until(() => writing !== undefined)
    await look()
    isFull = false
    writing!()
    expect(await finished).toMatchObject({ code: 'disk-full' })
    for (let i = 0; i < 10; i++) await look()
    expect(rescued(project.assets.list())).toEqual([true])
  })

  it('are not given up while the machine sleeps', async () => {
    const { recordings, project, speak, look, soundOf } = await setup()
    const { id } = await recordings.begin(given)
    await speak(id)
    await look()
    // An hour later by the calendar, one look later for the engine.
    const longAgo = Date.now() / 1000 - 3600
    await utimes(soundOf(id), longAgo, longAgo)
    await look()
    await look()
    expect(project.assets.list()).toEqual([])
  })

  it('of an earlier life are completed at once when they are quiet, and watched when they are not', async () => {
    const folder = await tempFolder()
    const before = await setup(folder)
    const quiet = await before.recordings.begin({ ...given, name: 'Quiet.wav' })
    const fresh = await before.recordings.begin({ ...given, name: 'Fresh.wav' })
    await before.speak(quiet.id)
    await before.speak(fresh.id)
    await utimes(before.soundOf(quiet.id), 1, 1)
    before.recordings.close()
    await before.project.close()

    const { recordings, project, look } = await setup(folder)
    await recordings.rescue()
    expect(project.assets.list()).toMatchObject([{ name: 'Quiet.wav' }])
    for (let i = 0; i < 12; i++) await look()
    expect(rescued(project.assets.list())).toEqual([true, true])
  })

  it('that cannot be rescued are kept, and the windows are told once', async () => {
    const { recordings, project, speak, look, events, soundOf } = await setup()
    const { id } = await recordings.begin(given)
    await speak(id)
    // A number that is none, as no window can send it.
    await writeFile(soundOf(id), Buffer.from(Float32Array.of(Number.NaN).buffer), { flag: 'a' })
    for (let i = 0; i < 14; i++) await look()
    expect(project.assets.list()).toEqual([])
    expect(await readdir(project.paths.recordings)).toEqual([id])
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      event: 'notice',
      data: { error: { hint: expect.stringMatching(/kept in the project/) as unknown } },
    })
  })
})
