import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importBlow } from '../../../../src-main/models/blow/import'
import { fromPublicNames } from '../../../../src-main/models/blow/import-weights'
import { voiceModel } from '../../../../src-main/models/blow/model'
import { openPack, writePack } from '../../../../src-main/packs'
import { goldenConfig, readGolden } from '../../../helpers/blow-golden'
import { tempFolder } from '../../../helpers/folder'

const at = (name: string) => join(import.meta.dirname, '../../../golden/waveglow-import', name)
const model = at('blow_small.model.pt')
const args = at('blow_small.args.pt')

describe('a checkpoint of the public Blow', () => {
  it('becomes a pack with the very same weights, its frame and rate from the arguments', async () => {
    const { card, weights, files } = await importBlow(model, { args })
    expect(card.config).toEqual(goldenConfig)
    expect(card.frontEnd).toMatchObject({ sampleRate: 16_000 })
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
