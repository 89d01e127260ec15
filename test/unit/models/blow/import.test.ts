import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { NDArrays } from '../../../../src-main/lib/ndarray'
import { importBlow } from '../../../../src-main/models/blow/import'
import { fromPublicNames } from '../../../../src-main/models/blow/import-weights'
import { voiceModel } from '../../../../src-main/models/blow/model'
import { openPack, writePack } from '../../../../src-main/packs'
import { goldenConfig, readGolden } from '../../../helpers/blow-golden'
import { tempFolder } from '../../../helpers/folder'
import { named, pickle, storage, tensor, text, torchStream, torchZip, whole } from '../../../helpers/torch-file'

const at = (name: string) => join(import.meta.dirname, '../../../golden/waveglow-import', name)
const model = at('blow_small.model.pt')
const args = at('blow_small.args.pt')

/** A file of arguments as the public training script saves them. */
async function argumentsWith(values: Record<string, number>): Promise<string> {
  const path = join(await tempFolder(), 'x.args.pt')
  const fields = Object.entries(values).flatMap(([name, value]) => [text(name), whole(value)])
  await writeFile(path, await torchZip(pickle(named('argparse', 'Namespace'), ')\x81}(', ...fields, 'ub')))
  return path
}

/** A state dict in the old stream format. */
async function legacyOf(state: NDArrays): Promise<string> {
  const path = join(await tempFolder(), 'x.pt')
  const entries = Object.entries(state).map(([name, { shape, data }], i) => ({ name, shape, data, key: String(i) }))
  const root = pickle(
    '}(',
    ...entries.flatMap(({ name, shape, data, key }) => {
      const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, side) => product * side, 1))
      return [text(name), tensor(storage(key, data.length, 'FloatStorage', true), 0, shape, strides)]
    }),
    'u',
  )
  const storages = entries.map(({ key, data }) => [
    key,
    { count: data.length, bytes: new Uint8Array(Float32Array.from(data).buffer) },
  ])
  await writeFile(path, torchStream(root, Object.fromEntries(storages)))
  return path
}

describe('a checkpoint of the public Blow', () => {
  it('becomes a pack with the very same weights', async () => {
    const { card, weights, files } = await importBlow(model, { args })
    expect(card.config).toEqual(goldenConfig)
    expect(weights).toEqual(fromPublicNames(goldenConfig, await readGolden('state_B')))
    const path = join(await tempFolder(), 'blow.nagare')
    await writePack(path, card, weights, files)
    const { config, voices } = await voiceModel(await openPack(path))
    expect(config).toEqual(goldenConfig)
    expect(voices.voices.map(({ name }) => name)).toEqual([1, 2, 3, 4, 5].map((n) => `Speaker ${n}`))
  })

  it('takes the speakers’ names from a file, and the rate that is given', async () => {
    const config = join(await tempFolder(), 'names.json')
    await writeFile(config, '{"speakers": ["a", "b", "c", "d", "e"]}')
    const { card, files } = await importBlow(model, { args, config, rate: 22_050 })
    expect(card.frontEnd).toMatchObject({ sampleRate: 22_050 })
    expect(Buffer.from(files['speakers.json']!).toString()).toContain('"name": "e"')
    await writeFile(config, '{"speakers": ["a"]}')
    await expect(importBlow(model, { args, config })).rejects.toMatchObject({
      message: expect.stringMatching(/names 1 speakers; the model knows 5/),
    })
  })

  it('takes frame and rate from the arguments', async () => {
    const { card } = await importBlow(model, { args: await argumentsWith({ sr: 22_050, lchunk: 512 }) })
    expect(card.frontEnd).toMatchObject({ sampleRate: 22_050 })
    expect(card.config).toEqual({ ...goldenConfig, frame: 512 })
    expect(card.provenance.notes).not.toContain('assumed')
  })

  it('may be a state dict in the old stream format', async () => {
    const { card, weights } = await importBlow(await legacyOf(await readGolden('state_B')), { args })
    expect(card.config).toEqual(goldenConfig)
    expect(weights).toEqual(fromPublicNames(goldenConfig, await readGolden('state_B')))
  })

  it('may hold whole numbers, which become float32', async () => {
    const state = await readGolden('state_B')
    const name = 'blocks.0.flows.0.mixer.w_p'
    const { shape, data } = state[name]!
    const mixed: NDArrays = { ...state, [name]: { shape, dtype: 'int32', data: Int32Array.from(data) } }
    expect(fromPublicNames(goldenConfig, mixed)).toEqual(fromPublicNames(goldenConfig, state))
  })

  it('is refused with a rate that no model has, and names that are one', async () => {
    const bad = { code: 'bad-input', file: model, hint: expect.stringContaining('--rate HZ') }
    await expect(importBlow(model, { args, rate: 2000 })).rejects.toMatchObject({
      ...bad,
      message: expect.stringMatching(/from 4000 to 192 000 Hz, found 2000/),
    })
    await expect(importBlow(model, { args, rate: 16_000.5 })).rejects.toMatchObject(bad)
    const config = join(await tempFolder(), 'names.json')
    await writeFile(config, '{"speakers": ["a", "b", "c", "d", "A "]}')
    await expect(importBlow(model, { args, config })).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/names two speakers A , case and spaces aside/),
    })
  })

  it.each([
    ['a number that is none', 'embedding.weight', [NaN], /voices holds numbers that are not finite/],
    ['a diagonal of zeros', 'blocks.0.flows.0.mixer.w_s', [-1000], /blocks\.0\.flows\.0\.mix has no inverse/],
    // Rows that rounding makes one: 2⁴⁰ · (1, 2⁴⁰).
    ['two rows alike', 'blocks.0.flows.0.mixer', [2 ** 40], /one of its mixings has no inverse/],
  ])('is refused by its name with %s', async (_, at, [value], message) => {
    const state = await readGolden('state_B')
    for (const [name, { data }] of Object.entries(state))
      if (name === at) data[0] = value!
      else if (at.endsWith('mixer') && name.startsWith(at)) {
        if (name.endsWith('w_l')) data[2] = value!
        if (name.endsWith('w_u')) data[1] = value!
        if (name.endsWith('w_s')) data.fill(0)
      }
    const file = await legacyOf(state)
    await expect(importBlow(file, { args })).rejects.toMatchObject({
      ...{ code: 'corrupt', file },
      message: expect.stringMatching(message),
    })
  })

  it('says what it assumes without the arguments', async () => {
    const { card } = await importBlow(model, {})
    expect(card.config).toMatchObject({ frame: 4096 })
    expect(card.provenance.notes).toContain('frames of 4096 samples and 16 000 Hz are assumed')
  })

  it('refuses what is no Blow, by name', async () => {
    await expect(importBlow(args, {})).rejects.toMatchObject({ code: 'bad-input' })
    await expect(importBlow(model, { args: model })).rejects.toMatchObject({
      code: expect.stringMatching(/bad-input|unsupported/),
    })
    const other = at('hub-zip.pt')
    await expect(importBlow(other, {})).rejects.toMatchObject({
      message: expect.stringMatching(/is no Blow: it lacks/),
    })
  })
})
