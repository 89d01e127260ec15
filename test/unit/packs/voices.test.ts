import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { float32 } from '../../../src-main/lib/ndarray'
import { catalogue, readManifest, voicesIn, writePack } from '../../../src-main/packs'
import { tempFolder } from '../../helpers/folder'

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

const card = {
  ...{ kind: 'blow', name: 'Test', description: '', licence: 'CC0', config: {}, frontEnd: {}, metrics: [] },
  provenance: { data: [], command: '', seed: null, steps: null, seconds: null, device: null, notes: '' },
}
const voices = [
  { name: 'Ada', seconds: 61.5, sample: 'ada.wav' },
  { name: 'Ben', seconds: 0 },
  { name: 'Cy', seconds: 3, sample: 'gone.wav' },
  { name: 'Di', seconds: 3, sample: 'page.html' },
  { name: 'Ed', seconds: 3, sample: '../ada.wav' },
]

/** A pack at `name` with `speakers` as its speakers.json. */
async function pack(name: string, speakers: unknown): Promise<string> {
  const path = join(folder, name)
  const text = typeof speakers === 'string' ? speakers : JSON.stringify(speakers)
  await writePack(
    path,
    card,
    { w: float32([1]) },
    {
      'speakers.json': Buffer.from(text),
      'ada.wav': Buffer.from('sound'),
      'page.html': Buffer.from('<script>'),
    },
  )
  return path
}

describe('the voices of a pack', () => {
  it.each(['one.nagare', 'one'])('are named in order, with the samples that are sound and there (%s)', async (name) => {
    const found = await voicesIn(await readManifest(await pack(name, { voices, test: ['x'] })))
    expect(found).toEqual([
      { name: 'Ada', seconds: 61.5, sample: 'ada.wav' },
      ...['Ben', 'Cy', 'Di', 'Ed'].map((name, i) => ({ name, seconds: i === 0 ? 0 : 3, sample: undefined })),
    ])
  })

  it('are in the catalogue, which the weights are not read for', async () => {
    const path = await pack('one', { voices })
    await writeFile(join(path, 'weights.safetensors'), 'not these')
    const [entry] = await catalogue([{ folder, origin: 'user' }])
    expect(entry?.record.voices?.slice(0, 3)).toEqual([
      { name: 'Ada', seconds: 61.5, sample: true },
      { name: 'Ben', seconds: 0, sample: false },
      { name: 'Cy', seconds: 3, sample: false },
    ])
  })

  it.each([
    ['no JSON', 'Ada, Ben'],
    ['nobody', { voices: [] }],
    ['alike but for case and spaces', { voices: ['Ada', ' ada '].map((name) => ({ name, seconds: 1 })) }],
    ['a voice without a name', { voices: [{ name: '', seconds: 1 }] }],
    ['a duration that is none', { voices: [{ name: 'Ada', seconds: -1 }] }],
  ])('that are %s are refused by the reader, and the model is listed without', async (_, speakers) => {
    const path = await pack('bad.nagare', speakers)
    await expect(voicesIn(await readManifest(path))).rejects.toMatchObject({ code: 'corrupt', file: path })
    const [entry] = await catalogue([{ folder, origin: 'user' }])
    expect(entry?.record.id).toBe('bad')
    expect(entry?.record).not.toHaveProperty('voices')
  })

  it('that were changed after the card was written are not believed', async () => {
    const path = await pack('one', { voices })
    const file = join(path, 'speakers.json')
    await writeFile(file, (await readFile(file, 'utf8')).replace('Ada', 'Eve'))
    await expect(voicesIn(await readManifest(path))).rejects.toMatchObject({ code: 'corrupt' })
  })
})

it('a file of a pack is read only up to a limit', async () => {
  const { file } = await readManifest(await pack('one', { voices }))
  expect(Buffer.from(await file('ada.wav', 5)).toString()).toBe('sound')
  await expect(file('ada.wav', 4)).rejects.toMatchObject({ code: 'bad-input' })
  await expect(file('nothing.wav')).rejects.toMatchObject({ code: 'not-found' })
})
