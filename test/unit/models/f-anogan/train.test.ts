import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Device } from '../../../../src-main/compute'
import { NagareError } from '../../../../src-main/lib/errors'
import { float32 } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { imagesInMemory } from '../../../../src-main/models/anomaly/image-source'
import { standardOf } from '../../../../src-main/models/anomaly/standardise'
import { fAnoganDetector } from '../../../../src-main/models/f-anogan/detector'
import {
  diversity,
  modeCollapse,
  unlearnableRotation,
  unsuitableData,
} from '../../../../src-main/models/f-anogan/findings'
import { readRecipe } from '../../../../src-main/models/f-anogan/recipe'
import { samples } from '../../../../src-main/models/f-anogan/scoring'
import type { FAnoganTraining, Preview } from '../../../../src-main/models/f-anogan/stage'
import { trainFAnogan } from '../../../../src-main/models/f-anogan/train'
import type { PackCard } from '../../../../src-main/packs'
import { blobs } from '../../../helpers/blobs'
import { tempFolder } from '../../../helpers/folder'

let device: Device
beforeAll(async () => {
  device = await openDevice('cpu')
})

const tiny = {
  ...{ network: 'mlp', latent: '4', batch: '4', criticSteps: '2', iterations: '6', checkpoint: '2', preview: '3' },
  ...{ validation: '8', learningRate: '0.001', encoderRate: '0.001' },
}
const set = (more: Record<string, string> = {}) => readRecipe({ preset: 'small', set: { ...tiny, ...more }, steps: 6 })

const card = (): PackCard => ({
  kind: 'f-anogan',
  name: 'Blobs',
  description: 'A test.',
  licence: 'CC0',
  config: {},
  frontEnd: {},
  provenance: { data: [], command: 'nagare train f-anogan', seed: 1, steps: 1, seconds: 1, device: 'cpu', notes: '' },
  metrics: [],
})

const training = (more: Partial<FAnoganTraining> = {}): FAnoganTraining => ({
  device,
  recipe: set(),
  training: imagesInMemory(blobs(40, 8), { mirrored: true }),
  validation: imagesInMemory(blobs(8, 8, { seed: 2 })),
  seed: 5,
  progress: () => {},
  checkCancelled: () => {},
  ...more,
})

describe('training f-AnoGAN', () => {
  it.each(['none', 'rotation', 'minimax'])(
    'with the task %s tells what it does and shows samples and reconstructions',
    async (task) => {
      const notes: string[] = []
      const previews: Preview[] = []
      const found = await trainFAnogan(
        training({
          recipe: set({ task, ...(task === 'none' ? { network: 'residual', width: '2', average: '0.9' } : {}) }),
          odd: imagesInMemory(blobs(4, 8, { odd: true })),
          progress: ({ note }) => void (note && notes.push(note)),
          show: (preview) => void previews.push(preview),
        }),
      )
      expect(notes).toHaveLength(12)
      expect(notes[0]).toMatch(
        task === 'none' ? /^critic gap -?\d+\.\d{3}$/ : /^critic gap -?\d+\.\d{3}, rotations told \d+ %$/,
      )
      expect(notes.at(-1)).toMatch(/^loss \S+, held out \S+, odd images -?\d+\.\d deviations above$/)
      expect(previews.map(({ step }) => step)).toEqual([3, 6, 9, 12])
      expect(previews[0]!.samples!.shape).toEqual([16, 1, 8, 8])
      expect(previews[3]!.reconstructions!.shape).toEqual([8, 1, 8, 8])
      expect(found.steps).toBe(12)
      expect(found.heldOut.image).toHaveLength(8)
      for (const { data } of Object.values(found.weights)) expect(data.every(Number.isFinite)).toBe(true)
      const made = await samples(device, found, 3, random(1))
      expect(made.shape).toEqual([3, 1, 8, 8])
    },
  )

  it.each([3, 9])('resumes after %d steps to the very same weights, bit for bit', async (stop) => {
    const folder = await tempFolder()
    const whole = await trainFAnogan(training())
    const checkpoint = { path: join(folder, 'run.checkpoint.nagare'), data: 'blobs', resume: false, card }
    let done = 0
    const cut = training({
      checkpoint,
      progress: () => void done++,
      checkCancelled() {
        if (done >= stop) throw new NagareError('cancelled', 'Stopped.')
      },
    })
    await expect(trainFAnogan(cut)).rejects.toMatchObject({ code: 'cancelled' })
    expect(await readdir(folder)).toEqual(['run.checkpoint.nagare'])
    await expect(
      trainFAnogan(training({ seed: 6, checkpoint: { ...checkpoint, resume: true } })),
    ).rejects.toMatchObject({ code: 'conflict' })
    const steps: number[] = []
    const resumed = await trainFAnogan(
      training({ checkpoint: { ...checkpoint, resume: true }, progress: ({ done: at }) => void steps.push(at) }),
    )
    expect(steps).toHaveLength(12 - 2 * Math.floor(stop / 2))
    expect(resumed.weights).toEqual(whole.weights)
    expect(resumed.heldOut).toEqual(whole.heldOut)
    expect(resumed.bestStep).toBe(whole.bestStep)
    expect(await readdir(folder)).toEqual(['run.checkpoint.nagare'])
  })

  it('learns to tell odd images from normal ones', async () => {
    const recipe = readRecipe({
      preset: 'digits',
      set: {
        latent: '8',
        batch: '16',
        criticSteps: '2',
        iterations: '60',
        preview: '0',
        checkpoint: '50',
        encoderRate: '0.001',
      },
      steps: 150,
    })
    const found = await trainFAnogan(
      training({
        recipe,
        training: imagesInMemory(blobs(200, 8)),
        odd: imagesInMemory(blobs(8, 8, { seed: 9, odd: true })),
      }),
    )
    expect(found.heldOut.gap).toBeGreaterThan(2)
    const detector = await fAnoganDetector(device, found, { kappa: 0 })
    const normal = await detector.score(blobs(20, 8, { seed: 30 }))
    const odd = await detector.score(blobs(20, 8, { seed: 31, odd: true }))
    await detector.close()
    expect(detector.weights).toEqual({ image: 1 })
    const mean = (scores: Float32Array) => scores.reduce((sum, score) => sum + score, 0) / scores.length
    const { mean: usual, deviation } = standardOf(found.heldOut.image)
    expect(Math.abs(mean(normal.terms['image']!) - usual)).toBeLessThan(1.5 * deviation)
    expect(mean(odd.terms['image']!)).toBeGreaterThan(mean(normal.terms['image']!) + 2 * deviation)
    expect(odd.reconstruction!.shape).toEqual([20, 1, 8, 8])
    expect(odd.terms['image']).toHaveLength(20)
  })

  it('refuses too few images, images that do not fit, and reports divergence', async () => {
    await expect(trainFAnogan(training({ training: imagesInMemory(blobs(19, 8)) }))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('at least 20 normal images'),
    })
    await expect(trainFAnogan(training({ validation: imagesInMemory(blobs(8, 32)) }))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('[1,32,32]'),
    })
    await expect(trainFAnogan(training({ training: imagesInMemory(float32([20, 1, 16, 24])) }))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('24 × 16'),
    })
    const broken = blobs(40, 8)
    broken.data.fill(NaN)
    await expect(trainFAnogan(training({ training: imagesInMemory(broken) }))).rejects.toMatchObject({
      message: expect.stringContaining('Training diverged'),
    })
  })
})

describe('findings', () => {
  it('name a collapsed generator, unsuitable data, rotations that cannot be learned', () => {
    const real = blobs(10, 8)
    const alike = float32(
      [10, 1, 8, 8],
      Float32Array.from(real.data, (_, i) => real.data[i % 64]!),
    )
    expect(diversity(alike)).toBe(0)
    expect(modeCollapse(alike, real)).toMatchObject({ kind: 'mode-collapse' })
    expect(modeCollapse(blobs(10, 8, { seed: 4 }), real)).toBeUndefined()
    expect(unsuitableData(0.2, 0.1)).toMatchObject({ kind: 'unsuitable-data' })
    expect(unsuitableData(0.05, 0.1)).toBeUndefined()
    expect(unlearnableRotation(0.26)).toMatchObject({ kind: 'unlearnable-rotation' })
    expect(unlearnableRotation(0.6)).toBeUndefined()
  })
})
