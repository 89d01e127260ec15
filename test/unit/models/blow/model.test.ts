import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { affineWeights } from '../../../../src-main/models/blow/inference-weights'
import { voiceModel } from '../../../../src-main/models/blow/model'
import { openPack, writePack } from '../../../../src-main/packs'
import { writeTinyBlow } from '../../../helpers/blow-pack'
import { tempFolder } from '../../../helpers/folder'

let path: string
beforeEach(async () => {
  path = await writeTinyBlow(join(await tempFolder(), 'voices.nagare'))
})

const flow = 'blocks.1.flows.0'

describe('a voice model', () => {
  it.each([
    ['hidden.weight', (data: Float32Array) => (data[3] = NaN), /hidden\.weight holds numbers that are not finite/],
    ['mix.sign', (data: Float32Array) => (data[0] = 0.5), /mix\.sign holds more than 1 and −1/],
    ['mix.order', (data: Float32Array) => data.fill(0, 0, 4), /mix\.order is no order of rows/],
    ['mix.order', (data: Float32Array) => data.copyWithin(0, 4, 8), /mix\.order is no order of rows/],
    ['mix.logScale', (data: Float32Array) => (data[1] = -100), /mix has no inverse/],
  ])('is refused by its file where %s is damaged', async (part, damage, message) => {
    const { manifest, weights, file } = await openPack(path)
    damage(weights[`${flow}.${part}`]!.data as Float32Array)
    await writePack(path, manifest, weights, { 'speakers.json': await file('speakers.json') })
    await expect(voiceModel(await openPack(path))).rejects.toMatchObject({
      ...{ code: 'corrupt', file: path },
      message: expect.stringMatching(message),
    })
  })

  it('with a mixing that rounding leaves without an inverse is an error that says so', async () => {
    const { config, weights } = await voiceModel(await openPack(path))
    const of = (part: string) => weights[`blocks.0.flows.0.mix.${part}`]!.data
    of('logScale').fill(0)
    of('lower')[2] = 2 ** 40
    of('upper')[1] = 2 ** 40
    expect(() => affineWeights(config, weights)).toThrow(
      expect.objectContaining({ code: 'corrupt', message: expect.stringMatching(/blocks\.0\.flows\.0\.mix has no/) }),
    )
  })
})
