import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { speakerData } from '../../../../src-main/models/blow/speakers'
import { voiceNumber } from '../../../../src-main/models/blow/voices'
import { tempFolder } from '../../../helpers/folder'

let folder: string
beforeEach(async () => (folder = await tempFolder()))

async function files(...names: string[]) {
  for (const name of names) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), name)
  }
}
const range = (count: number) => Array.from({ length: count }, (_, i) => i)

describe('the speakers of a folder', () => {
  it('are its folders, and what one says is in one split only, whoever says it', async () => {
    await files(...range(30).flatMap((i) => [`ann/ann_${i}.wav`, `bob/deeper/bob_${i}.wav`]))
    const data = await speakerData([folder], '{speaker}_{utterance}')
    expect(data.speakers).toEqual(['ann', 'bob'])
    const ids = (['training', 'validation', 'test'] as const).map((split) => new Set(data[split].map(({ id }) => id)))
    expect(ids.map(({ size }) => size)).toEqual([24, 3, 3])
    expect(new Set(ids.flatMap((set) => [...set])).size).toBe(30)
    for (const split of [data.training, data.validation, data.test])
      expect(split.filter(({ speaker }) => speaker === 'ann')).toHaveLength(split.length / 2)
    expect(await speakerData([folder], '{speaker}_{utterance}')).toEqual(data)
  })

  it('are a field of flat names', async () => {
    await files(...range(20).flatMap((i) => [`${i % 10}_george_${i}.wav`, `${i % 10}_theo_${i}.wav`]))
    const data = await speakerData([folder], '{digit}_{speaker}_{take}')
    expect(data.speakers).toEqual(['george', 'theo'])
    const all = [...data.training, ...data.validation, ...data.test]
    expect(all.find(({ file }) => file.endsWith('3_theo_13.wav'))).toMatchObject({ speaker: 'theo', id: '3_13' })
    await expect(speakerData([folder], '{digit}')).rejects.toMatchObject({ code: 'bad-input' })
    await expect(speakerData([folder], 'x{speaker}-{take}')).rejects.toMatchObject({
      message: expect.stringMatching(/is not named as x\{speaker\}-\{take\}/),
    })
  })

  it('are two or more, and differ in more than their case', async () => {
    await files(...range(12).map((i) => `george/${i}.wav`))
    await expect(speakerData([folder], '')).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/one speaker, george/),
    })
    await files(...range(12).map((i) => `George/${i}.wav`))
    await expect(speakerData([folder], '')).rejects.toMatchObject({
      message: expect.stringMatching(/named alike but for case and spaces: [Gg]eorge and [Gg]eorge/),
    })
  })

  it('each leave something to train on', async () => {
    await files(...range(12).map((i) => `ann/${i}.wav`))
    const [held] = (await speakerData([folder], '', 1)).test
    await files(`bob/${held!.id}.wav`)
    await expect(speakerData([folder], '')).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/^bob has too few utterances/),
    })
    await files('bob/99.wav', 'bob/98.wav', 'bob/97.wav')
    const { training } = await speakerData([folder], '')
    expect(training.some(({ speaker }) => speaker === 'bob')).toBe(true)
  })

  it('give the fields of their names up to where the next text begins, the last one the rest', async () => {
    await files(...range(10).flatMap((i) => [`84-121123-${i}.wav`, `85-x-${i}.wav`]))
    const data = await speakerData([folder], '{speaker}-{utterance}')
    expect(data.speakers).toEqual(['84', '85'])
    const all = [...data.training, ...data.validation, ...data.test]
    expect(all.find(({ file }) => file.endsWith('84-121123-3.wav'))?.id).toBe('121123-3')
  })

  it('have names that a pack can hold', async () => {
    const long = 'x'.repeat(201)
    await files(...range(12).flatMap((i) => [`ann/${i}.wav`, `${long}/${i}.wav`]))
    await expect(speakerData([folder], '')).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/at most 200 characters, found 201: x/),
    })
  })

  it('keep the use of utterances that have one, others being drawn', async () => {
    await files(...range(20).flatMap((i) => [`ann/${i}.wav`, `bob/${i}.wav`]))
    const fresh = await speakerData([folder], '')
    const [validation, test] = (['validation', 'test'] as const).map((use) => [
      ...new Set(fresh[use].map(({ id }) => id)),
    ])
    const [other, another] = fresh.training.map(({ id }) => id).filter((id, i, ids) => ids.indexOf(id) === i)
    const held = { validation: [other!, 'elsewhere'], test: [another!, validation![0]!] }
    const data = await speakerData([folder], '', 2, held)
    const ids = (use: 'validation' | 'test') => [...new Set(data[use].map(({ id }) => id))].sort()
    expect(ids('validation')).toHaveLength(2)
    expect(ids('validation')).toContain(other)
    expect(ids('test')).toEqual([another, validation![0]].sort())
    expect(test).toHaveLength(2)
    expect(await speakerData([folder], '', 2, { validation: [], test: [] })).toEqual(fresh)
  })
})

it('finds a voice by its name, and lists them where it is none of them', () => {
  const voices = {
    voices: [
      { name: 'Ann', seconds: 1 },
      { name: 'bob ', seconds: 1 },
    ],
    validation: [],
    test: [],
  }
  expect(voiceNumber(voices, 'ann ')).toBe(0)
  expect(voiceNumber(voices, 'BOB')).toBe(1)
  expect(() => voiceNumber(voices, 'eve')).toThrow('There is no voice eve; there is: Ann, bob .')
})
