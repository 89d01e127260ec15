import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { NagareError } from '../../../../src-main/lib/errors'
import type { TrainContext } from '../../../../src-main/models/family'
import { speechModel } from '../../../../src-main/models/vae-nmf/model'
import { trainVae } from '../../../../src-main/models/vae-nmf/train'
import { openPack } from '../../../../src-main/packs'
import { tempFolder } from '../../../helpers/folder'
import { babble, wav16 } from '../../../helpers/signals'

let folder: string
let data: string
beforeEach(async () => {
  folder = await tempFolder()
  data = join(folder, 'voices')
  await mkdir(data)
  for (let i = 0; i < 4; i++) await writeFile(join(data, `${i}.wav`), wav16(babble(20_000, 16_000, i + 1), 16_000))
  await writeFile(join(data, '.hidden.wav'), 'not a recording')
})

const context = (output: string, more: Partial<TrainContext> = {}): TrainContext => ({
  data: [data],
  output: join(folder, output),
  preset: 'small',
  set: { hidden: '12', latent: '3', batch: '32', pool: '256', reuse: '1' },
  steps: 48,
  resume: false,
  device: 'cpu',
  seed: 4,
  command: 'nagare train vae-nmf',
  about: { name: 'Voices', data: { voices: 'CC0' } },
  progress: () => {},
  checkCancelled: () => {},
  ...more,
})

describe('training the speech VAE', () => {
  it('lowers the loss and leaves one whole pack with its card', async () => {
    const { metrics: before } = await trainVae(context('first.nagare', { steps: 1 }))
    const { steps, metrics } = await trainVae(context('voices.nagare', { steps: 400 }))
    expect(steps).toBe(400)
    expect(metrics[0]!.value).toBeLessThan(before[0]!.value - 20)
    const pack = await openPack(join(folder, 'voices.nagare'))
    expect(speechModel(pack).config).toMatchObject({ latent: 3, encoder: { hidden: 12 } })
    expect(pack.manifest).toMatchObject({
      name: 'Voices',
      provenance: { data: [{ name: 'voices', licence: 'CC0', amount: '3 recordings' }], seed: 4, steps: 400 },
    })
    expect((await readdir(folder)).sort()).toEqual(['first.nagare', 'voices', 'voices.nagare'])
  })

  it('resumes to the very same weights, bit for bit', async () => {
    await trainVae(context('whole.nagare'))
    let done = 0
    const stopped = trainVae(
      context('cut.nagare', {
        progress: ({ phase, done: now }) => (done = phase === 'Training' ? now : 0),
        checkCancelled() {
          if (done >= 29) throw new NagareError('cancelled', 'Stopped.')
        },
      }),
    )
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' })
    expect((await readdir(folder)).sort()).toEqual(['cut.checkpoint.nagare', 'voices', 'whole.nagare'])
    await trainVae(context('cut.nagare', { resume: true }))
    const [whole, cut] = [await openPack(join(folder, 'whole.nagare')), await openPack(join(folder, 'cut.nagare'))]
    expect(cut.weights).toEqual(whole.weights)
    expect((await readdir(folder)).sort()).toEqual(['cut.nagare', 'voices', 'whole.nagare'])
  })

  it('refuses to resume without a checkpoint, or another run’s', async () => {
    await expect(trainVae(context('none.nagare', { resume: true }))).rejects.toMatchObject({ code: 'not-found' })
    let done = 0
    const stop = {
      progress: ({ done: now }: { done: number }) => (done = now),
      checkCancelled() {
        if (done >= 29) throw new NagareError('cancelled', 'Stopped.')
      },
    }
    await trainVae(context('cut.nagare', stop)).catch(() => {})
    await expect(trainVae(context('cut.nagare', { resume: true, seed: 5 }))).rejects.toMatchObject({ code: 'conflict' })
    await expect(trainVae(context('cut.nagare', { resume: true, steps: 60 }))).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('says what is wrong with settings and data', async () => {
    await expect(trainVae(context('x.nagare', { set: { depth: '3' } }))).rejects.toThrow(/no setting depth/)
    await expect(trainVae(context('x.nagare', { set: { batch: 'many' } }))).rejects.toThrow(/batch/)
    await expect(trainVae(context('x.nagare', { data: [join(folder, 'nowhere')] }))).rejects.toMatchObject({
      code: 'not-found',
    })
    const empty = join(folder, 'empty')
    await mkdir(empty)
    await expect(trainVae(context('x.nagare', { data: [empty] }))).rejects.toThrow(/no recordings/)
    await writeFile(join(empty, 'a.wav'), wav16(new Float32Array(16_000), 16_000))
    await writeFile(join(empty, 'b.wav'), wav16(new Float32Array(16_000), 16_000))
    await expect(trainVae(context('x.nagare', { data: [empty] }))).rejects.toThrow(/silent/)
  })
})
