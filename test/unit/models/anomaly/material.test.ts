import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { findMaterial } from '../../../../src-main/models/anomaly/material'
import { readRecipe } from '../../../../src-main/models/synthetic-defects/recipe'
import { tempFolder } from '../../../helpers/folder'
import { writeBlobSet } from '../../../helpers/surfaces'

it('holds out what the data hold out, or else a part of what there is to learn from', async () => {
  const folder = await tempFolder()
  await writeBlobSet(folder, { train: 30, normals: 8, odd: 4 })
  await cp(join(folder, 'test', 'good'), join(folder, 'validation', 'good'), { recursive: true })
  const recipe = readRecipe({ preset: 'usual', set: { heldOut: '0.2' }, steps: 1 })
  const names = (samples: readonly { item: { name: string } }[]) => samples.map(({ item }) => item.name)
  const given = await findMaterial([folder], recipe, 3)
  expect(given.training).toHaveLength(30)
  expect(names(given.held)).toEqual(Array.from({ length: 8 }, (_, i) => `validation/good/00${i}.png`))
  expect(given.notes.join(' ')).toContain('8 pictures in validation/good')
  await rm(join(folder, 'validation'), { recursive: true })
  const drawn = await findMaterial([folder], recipe, 3)
  expect(drawn.held).toHaveLength(6)
  expect([...names(drawn.training), ...names(drawn.held)].sort()).toEqual(names(given.training))
  expect(names(drawn.test)).toEqual(names(given.test))
  expect(drawn.fingerprint).not.toBe(given.fingerprint)
})
