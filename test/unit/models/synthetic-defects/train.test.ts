import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Device } from '../../../../src-main/compute'
import { NagareError } from '../../../../src-main/lib/errors'
import { float32 } from '../../../../src-main/lib/ndarray'
import { imagesInMemory } from '../../../../src-main/models/anomaly/image-source'
import { familiesOf, readRecipe } from '../../../../src-main/models/synthetic-defects/recipe'
import { syntheticDefectsSpec } from '../../../../src-main/models/synthetic-defects/spec'
import { trainSegmenter, type SegmenterTraining } from '../../../../src-main/models/synthetic-defects/train'
import type { PackCard } from '../../../../src-main/packs'
import { blobs } from '../../../helpers/blobs'
import { tempFolder } from '../../../helpers/folder'

let device: Device
beforeAll(async () => {
  device = await openDevice('cpu')
})

const tiny = { width: '4', crop: '16', batch: '4', checkpoint: '2', average: '0.9', varied: '0.5' }
const set = (more: Record<string, string> = {}, steps = 6) =>
  readRecipe({ preset: 'usual', set: { ...tiny, ...more }, steps })

const card = (): PackCard => ({
  kind: 'synthetic-defects',
  name: 'Blobs',
  description: 'A test.',
  licence: 'CC0',
  config: {},
  frontEnd: {},
  provenance: { data: [], command: 'nagare train', seed: 1, steps: 1, seconds: 1, device: 'cpu', notes: '' },
  metrics: [],
})

const training = (more: Partial<SegmenterTraining> = {}): SegmenterTraining => ({
  device,
  recipe: set(),
  training: imagesInMemory(blobs(40, 16), { mirrored: true }),
  validation: imagesInMemory(blobs(8, 16, { seed: 2 })),
  seed: 5,
  progress: () => {},
  checkCancelled: () => {},
  ...more,
})

describe('training on painted defects', () => {
  it('resumes after a break to the very same weights, bit for bit, and only the same run', async () => {
    const folder = await tempFolder()
    const notes: string[] = []
    const whole = await trainSegmenter(training({ progress: ({ note }) => void (note && notes.push(note)) }))
    expect(notes).toHaveLength(6)
    expect(notes[0]).toMatch(/^loss \d\.\d+$/)
    expect(notes.at(-1)).toMatch(/^loss \d\.\d+, held out pixel AUROC 0\.\d{3}$/)
    const checkpoint = { path: join(folder, 'run.checkpoint.nagare'), data: 'blobs', resume: false, card }
    let done = 0
    const cut = training({
      checkpoint,
      progress: () => void done++,
      checkCancelled() {
        if (done >= 3) throw new NagareError('cancelled', 'Stopped.')
      },
    })
    await expect(trainSegmenter(cut)).rejects.toMatchObject({ code: 'cancelled' })
    expect(await readdir(folder)).toEqual(['run.checkpoint.nagare'])
    const again = { ...checkpoint, resume: true }
    await expect(trainSegmenter(training({ seed: 6, checkpoint: again }))).rejects.toMatchObject({ code: 'conflict' })
    await expect(
      trainSegmenter(training({ recipe: set({ without: 'lines' }), checkpoint: again })),
    ).rejects.toMatchObject({ code: 'conflict' })
    const steps: number[] = []
    const resumed = await trainSegmenter(
      training({ checkpoint: again, progress: ({ done: at }) => void steps.push(at) }),
    )
    expect(steps).toEqual([3, 4, 5, 6])
    expect(resumed.weights).toEqual(whole.weights)
    expect(resumed.heldOut).toBe(whole.heldOut)
  })

  it('learns to tell painted pixels of held-out pictures', async () => {
    const recipe = set({ width: '8', crop: '32', batch: '8', checkpoint: '100', learningRate: '0.005' }, 600)
    const found = await trainSegmenter(
      training({
        recipe,
        training: imagesInMemory(blobs(100, 32)),
        validation: imagesInMemory(blobs(16, 32, { seed: 2 })),
      }),
    )
    expect(found.heldOut).toBeGreaterThan(0.85)
    expect(found.config).toEqual({ channels: 1, size: 32, width: 8, smoothing: 5, turns: 1 })
  })

  it('keeps the average of the weights where asked to, and the last ones otherwise', async () => {
    const last = await trainSegmenter(training({ recipe: set({ average: '0' }) }))
    const average = await trainSegmenter(training({ recipe: set({ average: '0.9' }) }))
    const again = await trainSegmenter(training({ recipe: set({ average: '0.00001' }) }))
    expect(again.weights['head.weight']!.data).toBeAllclose(last.weights['head.weight']!.data, { absolute: 1e-5 })
    expect(average.weights['head.weight']!.data).not.toEqual(last.weights['head.weight']!.data)
  })

  it('leaves out the family that it is told to', () => {
    expect(familiesOf(set())).toEqual(['lines', 'stains', 'pieces', 'fadings'])
    expect(familiesOf(set({ without: 'lines' }))).toEqual(['stains', 'pieces', 'fadings'])
    expect(() => set({ without: 'dents' })).toThrow(/--set without/)
  })

  it('refuses images that do not suit, and reports divergence', async () => {
    const refused = (more: Partial<SegmenterTraining>, message: string) =>
      expect(trainSegmenter(training(more))).rejects.toMatchObject({
        code: 'bad-input',
        message: expect.stringContaining(message),
      })
    await refused({ training: imagesInMemory(blobs(19, 16)) }, 'At least 20 normal images')
    await refused({ training: imagesInMemory(blobs(20, 15)) }, 'a multiple of 8, found 15 × 15')
    await refused({ training: imagesInMemory(float32([20, 1, 16, 24])) }, '24 × 16')
    await refused({ recipe: set({ smoothing: '4' }) }, 'an odd number, found 4')
    await refused({ recipe: set({ turns: '8' }) }, 'say --set turned=yes too')
    await refused({ recipe: set({ turns: '2', mirrored: 'no' }) }, 'say --set mirrored=yes too')
    const broken = blobs(40, 16)
    broken.data.fill(NaN)
    await expect(trainSegmenter(training({ training: imagesInMemory(broken) }))).rejects.toMatchObject({
      message: expect.stringContaining('Training diverged'),
    })
  })
})

it('a pack whose parts do not fit is refused by name', async () => {
  const { config, weights } = await trainSegmenter(training())
  const open = (model: { config: Record<string, unknown>; weights: typeof weights }) =>
    syntheticDefectsSpec.open(model, device, { method: 'segmentation', seed: 0 })
  await expect(open({ config: { ...config, size: 15 }, weights })).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringContaining('(size)'),
  })
  const { 'head.bias': _, ...less } = weights
  await expect(open({ config, weights: less })).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringContaining('head.bias is [missing], expected [1]'),
  })
})
