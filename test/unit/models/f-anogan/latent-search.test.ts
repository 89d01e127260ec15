import { describe, expect, it } from 'vitest'
import { openDevice } from '../../../../src-main/compute'
import { float32, pick } from '../../../../src-main/lib/ndarray'
import { searchLatents, searchProgram } from '../../../../src-main/models/f-anogan/latent-search'
import { partShapes } from '../../../../src-main/models/f-anogan/weights'
import { sgd } from '../../../../src-main/nn'
import { goldenConfig as config, goldenWeights, readInspectGolden } from '../../../helpers/f-anogan-golden'

describe('AnoGAN’s search', () => {
  it.each(['cpu', 'reference'])('takes the ten steps of the public port on %s', async (id) => {
    const io = await readInspectGolden('fanogan_mlp_8x8')
    const device = await openDevice(id)
    const fixed = pick(
      goldenWeights(io),
      Object.keys({ ...partShapes(config, 'generator'), ...partShapes(config, 'critic') }),
    )
    const spec = searchProgram(config, { batch: 4, lambda: 0.1, learningRate: 0.02, optimizer: sgd() })
    const state = {
      ...{ ...fixed, z: io['z']!, bestZ: float32([4, 5]) },
      bestLoss: float32([4], new Float32Array(4).fill(3e38)),
    }
    const runner = await device.load(spec, { state })
    const losses: number[] = []
    for (let step = 0; step < 10; step++) losses.push(...(await runner.run({ images: io['x']! }))['losses']!.data)
    const { z } = await runner.state()
    await runner.dispose()
    expect(losses).toBeAllclose(io['anogan_loss_hist']!.data, { relative: 1e-5 })
    expect(z).toBeAllclose(io['anogan_z_final']!, { relative: 1e-5, absolute: 1e-5 })
  })

  it('finds the latents of images that the generator made, keeps the best of its starts, and scores them below others', async () => {
    const io = await readInspectGolden('fanogan_mlp_8x8')
    const device = await openDevice('cpu')
    const weights = goldenWeights(io)
    const images = float32([5, 1, 8, 8], Float32Array.of(...io['G_z']!.data, ...io['x']!.data.subarray(0, 64)))
    const search = (restarts: number, batch: number) =>
      searchLatents(device, { config, weights }, images, { steps: 60, restarts, batch, learningRate: 0.1, seed: 3 })
    const two = await search(2, 3)
    expect(two.scores).toHaveLength(5)
    expect(two.map.shape).toEqual([5, 8, 8])
    for (let i = 0; i < 4; i++) expect(two.scores[i]!).toBeLessThan(0.5 * two.scores[4]!)
    for (const [i, score] of two.scores.entries())
      expect(score).toBeCloseTo(0.9 * two.residual[i]! + 0.1 * two.feature[i]!, 3)
    const one = await search(1, 5)
    const more = await search(3, 5)
    for (const [i, score] of more.scores.entries()) expect(score).toBeLessThanOrEqual(one.scores[i]! * 1.0001)
  })

  it('stops where nothing gets better', async () => {
    const io = await readInspectGolden('fanogan_mlp_8x8')
    const device = await openDevice('cpu')
    let steps = 0
    await searchLatents(device, { config, weights: goldenWeights(io) }, io['x']!, {
      ...{ restarts: 1, batch: 4, patience: 5, learningRate: 1e-9 },
      check: () => void steps++,
    })
    expect(steps).toBe(6)
  })
})
