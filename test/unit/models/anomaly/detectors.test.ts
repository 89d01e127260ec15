import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDevice } from '../../../../src-main/compute'
import { placement, readable, readPicture, unfitBands, unfitMap } from '../../../../src-main/image'
import { random } from '../../../../src-main/lib/random'
import { openPackInspector } from '../../../../src-main/models/anomaly/pack-model'
import type { Bands } from '../../../../src-main/models/anomaly/scanner'
import { imagesOf } from '../../../../src-main/models/anomaly/view'
import { detectorSpec } from '../../../../src-main/models/detectors'
import { exportPack } from '../../../../src-main/models/export-pack'
import { family } from '../../../../src-main/models/registry'
import { openPack } from '../../../../src-main/packs'
import { tempFolder } from '../../../helpers/folder'
import { blobPictures, writeBlobSet } from '../../../helpers/surfaces'

let data: string
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'nagare-detectors-'))
  await writeBlobSet(data)
})
afterAll(() => rm(data, { recursive: true, force: true }))

const common = {
  ...{ device: 'cpu', seed: 0, resume: false, steps: undefined, command: 'nagare train', about: undefined },
  progress: () => {},
  checkCancelled: () => {},
}
const kinds: [kind: string, set: Record<string, string>][] = [
  ['pca', { size: '32', components: '8' }],
  ['pca', { size: '32', components: '8', blur: '0.5', contrast: 'even' }],
  ['patch-gaussian', { size: '32', bank: 'whitening' }],
  ['patch-gaussian', { size: '16', mode: 'tiles', places: 'all', pieces: '200', scales: '2' }],
  [
    'synthetic-defects',
    {
      ...{ mode: 'tiles', size: '32', width: '8', crop: '32', batch: '8', steps: '200', learningRate: '0.005' },
      ...{ checkpoint: '100', smoothing: '3', pieces: '200', turned: 'yes', turns: '8' },
    },
  ],
  [
    'f-anogan',
    {
      ...{ network: 'mlp', size: '16', latent: '8', batch: '16', criticSteps: '2', iterations: '60', steps: '120' },
      ...{ preview: '60', checkpoint: '60', encoderRate: '0.001', kappa: '0', search: '4' },
    },
  ],
]

/** Trains a kind on the blobs, and returns the pack's path. */
async function trained(kind: string, set: Record<string, string>) {
  const output = join(await tempFolder(), 'model.nagare')
  const model = family(kind)
  const { steps, ...given } = set
  const result = await model.train({
    ...common,
    ...{ data: [data], output, preset: model.presets[0]!, set: given, steps: steps ? Number(steps) : undefined },
  })
  return { output, result, model }
}

const whole = async (bands: Bands) => {
  const parts: number[] = []
  for await (const { data: rows } of bands) parts.push(...rows)
  return Float32Array.from(parts)
}

describe.each(kinds)('%s, %o', (kind, set) => {
  it('is trained, measured, and exported with the numbers of the app', async () => {
    const { output, result, model } = await trained(kind, set)
    expect(result.metrics.every(({ name, value }) => name.includes('synthetic') && value >= 0 && value <= 1)).toBe(true)
    const { metrics, rows, details } = await model.evaluate({ ...common, data, pack: output, set: {} })
    const figure = (name: string) => metrics.find((metric) => metric.name === name)!.value
    // 60 iterations make no f-AnoGAN; what it learns is looked at in its own tests.
    if (kind !== 'f-anogan') {
      expect(figure('image AUROC')).toBeGreaterThan(0.95)
      expect(figure('pixel AUROC')).toBeGreaterThan(0.85)
    }
    expect(figure('F1 of calling all odd')).toBeCloseTo(2 / 3, 6)
    expect(rows).toMatchObject([{ defect: 'scratch', count: 12 }])
    expect((details as { items: unknown[] }).items).toHaveLength(24)

    const pack = await openPack(output)
    const folder = join(await tempFolder(), 'onnx')
    await exportPack(model, pack, folder)
    const inspector = await openPackInspector(detectorSpec(kind), pack, await openDevice('cpu'))
    const picture = blobPictures(1, inspector.view.size, 77)[0]!
    const [found] = await inspector.inspect([readable(picture)], async (_, bands) => void (await whole(bands)))
    const session = await InferenceSession.create(join(folder, 'detector.onnx'))
    const { shape, data: pixels } = imagesOf([picture], inspector.view)
    const outputs = await session.run({ images: new Tensor('float32', pixels, [...shape]) })
    for (const [name, value] of Object.entries(found!.terms)) {
      const told = (outputs[name] ?? outputs['score'])!.data as Float32Array
      expect(told[0]! / value).toBeCloseTo(1, 4)
    }
    await inspector.close()
    await session.release()
  })
})

it('shows what a generator makes, and searches where the search was calibrated', async () => {
  const [kind, set] = kinds.at(-1)!
  const { output, result } = await trained(kind, set)
  expect((await readdir(join(output, '../model.previews'))).sort()).toEqual([
    'step-000060-samples.png',
    'step-000120-reconstructions.png',
    'step-000180-reconstructions.png',
  ])
  expect(await readdir(join(output, '..'))).toEqual(['model.nagare', 'model.previews'])
  const samples = await readPicture(join(output, '../model.previews/step-000060-samples.png'))
  expect([samples.width, samples.height]).toEqual([8 * 18 - 2, 2 * 18 - 2])
  expect(result.notes!.join(' ')).toContain('best on held-out images')
  const pack = await openPack(output)
  const inspector = await openPackInspector(detectorSpec(kind), pack, await openDevice('cpu'), { method: 'search' })
  const [found] = await inspector.inspect([readable(blobPictures(1, 16, 5)[0]!)], async () => {})
  expect(Object.keys(found!.terms)).toEqual(['search'])
  expect(found!.score).toBeGreaterThan(0)
  expect(found!.score).toBeLessThan(1)
  await inspector.close()
}, 120_000)

it('says of a picture the same by tiles whatever else is inspected, and the map is of its size', async () => {
  const { output } = await trained(...(kinds[2] as (typeof kinds)[number]))
  const inspector = await openPackInspector(
    detectorSpec('patch-gaussian'),
    await openPack(output),
    await openDevice('cpu'),
  )
  const picture = blobPictures(1, 75, 8)[0]!
  const maps: Float32Array[] = []
  const look = () => inspector.inspect([readable(picture)], async (_, bands) => void maps.push(await whole(bands)))
  const [first] = await look()
  expect(await look()).toEqual([first])
  expect(maps[0]).toHaveLength(75 * 75)
  expect(maps[1]).toEqual(maps[0])
  expect(Math.max(...maps[0]!)).toBeLessThanOrEqual(1)
  await inspector.close()
})

it('a pack that is damaged, or of another kind, is refused by name', async () => {
  expect(() => detectorSpec('blow')).toThrow(
    /A blow model inspects no pictures; these do: f-anogan, patch-gaussian, synthetic-defects, pca/,
  )
  const { output } = await trained(...kinds[0]!)
  const pack = await openPack(output)
  const device = await openDevice('cpu')
  const broken = { ...pack, file: async () => new Uint8Array(await readFile(output)) }
  await expect(openPackInspector(detectorSpec('pca'), broken, device)).rejects.toMatchObject({
    ...{ code: 'corrupt', message: expect.stringContaining('calibration.json is no JSON') },
  })
  await expect(openPackInspector(detectorSpec('pca'), pack, device, { method: 'search' })).rejects.toMatchObject({
    code: 'bad-input',
  })
})

it('a map comes back to a picture by bands as it does whole', () => {
  const map = random(3).fillNormal(new Float32Array(16 * 16))
  for (const [width, height] of [
    [40, 23],
    [7, 100],
    [9, 5],
    [16, 16],
  ] as const) {
    const at = placement(width, height, 16)
    const bands = [...unfitBands(map, at, 10)]
    const joined = Float32Array.from(bands.flatMap(({ data: rows }) => [...rows]))
    expect(joined).toBeAllclose(unfitMap(map, at), { absolute: 1e-5 })
    expect(bands.reduce((sum, { rows }) => sum + rows, 0)).toBe(height)
  }
})
