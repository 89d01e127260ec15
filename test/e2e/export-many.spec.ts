import { stat } from 'node:fs/promises'
import { axe } from './axe'
import { addFiles, addRecording, enhanceButton, lane, needModel, noisyWav, setNumber } from './window'
import { expect, test } from './fixtures'

test('several results are written at once, named as a person wants', async ({ app, page }) => {
  await addFiles(app, page, { 'other.wav': noisyWav(1) })
  await addRecording(app, page, 'take.wav', 2)
  await needModel(page)
  await setNumber(page, 'Iterations', 1)
  await enhanceButton(page).click()
  await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 45_000 })
  await page.keyboard.press('Control+e')
  await page.getByRole('dialog', { name: 'Export', exact: true }).getByRole('button', { name: 'Several…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Export several' })
  await expect(dialog.getByRole('checkbox')).toHaveCount(4)
  await expect(dialog.getByRole('checkbox', { checked: true })).toHaveCount(1)
  await dialog.getByRole('button', { name: 'All', exact: true }).click()
  await dialog.getByRole('combobox', { name: 'Format' }).selectOption('flac-16')
  await dialog.getByRole('textbox', { name: 'Names' }).fill('{n} {name} {task}')
  await expect(dialog.getByText('The first: 1 other original')).toBeVisible()
  const { violations } = await axe(page).analyze()
  expect(violations.filter(({ impact }) => impact !== 'minor')).toEqual([])
  const download = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Export 4' }).click()
  const file = await download
  expect(file.suggestedFilename()).toBe('Untitled.zip')
  expect((await stat(await file.path())).size).toBeGreaterThan(10_000)
  await expect(dialog).toBeHidden()
})
