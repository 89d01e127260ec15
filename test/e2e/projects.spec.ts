import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { axe } from './axe'
import { expect, test } from './fixtures'
import { addRecording, library } from './window'

test('projects are made and changed from the window, each with what is in it', async ({ app, page }) => {
  const projects = page.getByRole('dialog', { name: 'Projects' })
  const name = page.locator('header [data-action=projects]')
  await addRecording(app, page, 'first.wav', 1)
  await expect(name).toHaveText('Untitled')

  await page.keyboard.press('Control+Shift+H')
  await expect(projects.getByRole('button', { name: /^Untitled .*Open$/ })).toBeDisabled()
  const { violations } = await axe(page).analyze()
  expect(violations.filter(({ impact }) => impact !== 'minor').map(({ id }) => id)).toEqual([])
  await projects.getByRole('textbox', { name: 'New project' }).fill('Interviews / 2026')
  await page.keyboard.press('Enter')
  await expect(projects).toHaveCount(0)
  await expect(name).toHaveText('Interviews _ 2026')
  await expect(page.getByRole('heading', { name: 'Drop a recording or a picture' })).toBeVisible()
  await expect(page.getByText('The engine stopped and was started again')).toHaveCount(0)
  expect(existsSync(join(app.home, 'projects', 'Interviews _ 2026', 'project.json'))).toBe(true)
  await addRecording(app, page, 'second.wav', 1)

  await test.step('a name that is taken is refused, and all stays as it is', async () => {
    await page.keyboard.press('Control+Shift+H')
    await projects.getByRole('textbox', { name: 'New project' }).fill('Untitled')
    await page.keyboard.press('Enter')
    await expect(projects.getByRole('alert')).toContainText('Untitled was not opened')
    await page.keyboard.press('Escape')
    await expect(projects).toHaveCount(0)
    await expect(name).toHaveText('Interviews _ 2026')
    await expect(library(page)).toContainText('second.wav')
  })

  await test.step('the other one opens with its own library, and removals are kept', async () => {
    await page.keyboard.press('Delete')
    await expect(library(page)).not.toContainText('second.wav')
    await page.keyboard.press('Control+Shift+H')
    await projects.getByRole('button', { name: /^Untitled/ }).click()
    await expect(projects).toHaveCount(0)
    await expect(name).toHaveText('Untitled')
    await expect(library(page)).toContainText('first.wav')
    await page.keyboard.press('Control+z')
    await expect(library(page)).not.toContainText('second.wav')

    await page.keyboard.press('Control+Shift+H')
    await projects.getByRole('button', { name: /^Interviews/ }).click()
    await expect(name).toHaveText('Interviews _ 2026')
    await expect(library(page)).toContainText('What you add stays here.')
  })
})
