import { mkdir, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import type * as Compute from '../../../../src-main/compute'
import { trainBlow } from '../../../../src-main/models/blow/train'
import { trainWaveGlow } from '../../../../src-main/models/waveglow/train'
import type { TrainContext } from '../../../../src-main/models/family'
import { filesUnder, tempFolder } from '../../../helpers/folder'
import { writeVoices } from '../../../helpers/voices'

/** Which program fails to load, from 1, or to go. */
let broken: { load?: number; dispose?: number } = {}
afterEach(() => {
  broken = {}
})
vi.mock('../../../../src-main/compute', async (load) => {
  const compute = await load<typeof Compute>()
  const openDevice: typeof compute.openDevice = async (...how) => {
    const device = await compute.openDevice(...how)
    let loads = 0
    return new Proxy(device, {
      get(target, key) {
        if (key !== 'load') return Reflect.get(target, key) as unknown
        return async (...program: Parameters<typeof device.load>) => {
          const number = ++loads
          if (number === broken.load) throw new Error(`load ${number} failed`)
          const runner = await target.load(...program)
          if (number !== broken.dispose) return runner
          const fails = async () => {
            await runner.dispose()
            throw new Error(`dispose ${number} failed`)
          }
          return { ...runner, dispose: fails }
        }
      },
    })
  }
  return { ...compute, openDevice }
})

/** Files below `folder` that this process holds open; none where the system does not tell. */
async function heldIn(folder: string): Promise<string[]> {
  const numbers = await readdir('/proc/self/fd').catch(() => [])
  const paths = await Promise.all(numbers.map((number) => readlink(`/proc/self/fd/${number}`).catch(() => '')))
  return paths.filter((path) => path.startsWith(folder))
}

const blow = {
  ...{ sampleRate: '8000', frame: '128', blocks: '2', flows: '1', channels: '8', embedding: '4', batch: '4' },
  ...{ validation: '4', preview: '0', average: '0' },
}
const waveGlow = {
  ...{ flows: '2', channels: '8', layers: '1', contextChannels: '4', segment: '2048', batch: '1', validation: '1' },
  ...{ preview: '0' },
}

it.each([
  ['Blow', { load: 1 }, trainBlow, 'small', blow],
  ['Blow', { load: 2 }, trainBlow, 'small', blow],
  ['Blow', { load: 3 }, trainBlow, 'small', blow],
  ['Blow', { dispose: 3 }, trainBlow, 'small', blow],
  ['WaveGlow', { load: 1 }, trainWaveGlow, 'squeezed', waveGlow],
  ['WaveGlow', { load: 2 }, trainWaveGlow, 'squeezed', waveGlow],
  ['WaveGlow', { dispose: 2 }, trainWaveGlow, 'squeezed', waveGlow],
] as const)('a run of %s leaves no scratch files where a program fails: %j', async (_, how, train, preset, set) => {
  const folder = await tempFolder()
  const data = join(folder, 'people')
  await writeVoices(data, { names: ['ada', 'ben'], count: 5, seconds: 1.2, rate: 8000 })
  const out = join(folder, 'out')
  const context: TrainContext = {
    ...{ data: [data], output: join(folder, 'out', 'x.nagare'), preset, set, steps: 1, resume: false, device: 'cpu' },
    ...{ seed: 1, command: '', about: undefined, progress: () => {}, checkCancelled: () => {} },
  }
  await mkdir(out)
  broken = how
  await expect(train(context)).rejects.toThrow(/(load|dispose) \d failed/)
  expect((await filesUnder(out)).filter((name) => name !== 'x.nagare')).toEqual([])
  expect(await heldIn(folder)).toEqual([])
})
