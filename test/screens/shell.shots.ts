import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { addFiles, enhanceButton, library, queue, starterPack } from '../e2e/window'
import { expect } from '../e2e/fixtures'
import { addTalk } from './data'
import { shoot, test } from './shot'

test('first page', async ({ app, page }) => {
  await expect(page.getByRole('button', { name: 'Clean a noisy recording' })).toBeVisible()
  await shoot(app, page, 'first', { japanese: true })
})

test('drop', async ({ app, page }) => {
  await expect(page.getByRole('button', { name: 'Clean a noisy recording' })).toBeVisible()
  const data = await page.evaluateHandle(() => {
    const held = new DataTransfer()
    held.items.add(new File([''], 'talk.wav'))
    return held
  })
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: data })
  await expect(page.getByText('Drop to add')).toBeVisible()
  await shoot(app, page, 'drop')
})

for (const [screen, keys, title, japanese] of [
  ['settings', 'Control+,', 'Settings', true],
  ['shortcuts', '?', 'Keyboard shortcuts', true],
  ['palette', 'Control+k', 'Commands', true],
  ['models', 'm', 'Models', true],
] as const)
  test(screen, async ({ app, page }) => {
    await addTalk(app, page)
    await page.keyboard.press(keys)
    const dialog = page.getByRole('dialog', { name: title })
    await expect(dialog).toBeVisible()
    if (screen === 'settings') await expect(page.getByText('Testing the devices…')).toBeHidden({ timeout: 60_000 })
    if (screen === 'models') await expect(dialog.getByRole('article').first()).toBeVisible()
    await shoot(app, page, screen, { japanese })
  })

test('add a model', async ({ app, page }) => {
  await addTalk(app, page)
  await addFiles(app, page, { 'my-voice.nagare': await readFile(starterPack) })
  await expect(page.getByRole('status').filter({ hasText: /Model .* added/ })).toBeVisible()
  await page.keyboard.press('m')
  const own = page.getByRole('dialog', { name: 'Models' }).getByRole('article').filter({ hasText: 'Added by you' })
  await own.scrollIntoViewIfNeeded()
  await shoot(app, page, 'added', { settled: () => own.scrollIntoViewIfNeeded() })
})

test('projects', async ({ app, page }) => {
  const projects = page.getByRole('dialog', { name: 'Projects' })
  for (const name of ['Interviews', 'Line 3']) {
    await page.keyboard.press('Control+Shift+H')
    await projects.getByRole('textbox', { name: 'New project' }).fill(name)
    await page.keyboard.press('Enter')
    await expect(page.locator('header [data-action=projects]')).toHaveText(name)
    await expect(projects).toBeHidden()
  }
  await page.keyboard.press('Control+Shift+H')
  await expect(projects.getByRole('button', { name: /^Interviews/ })).toBeVisible()
  await shoot(app, page, 'projects')
})

test('files that are refused', async ({ app, page }) => {
  const pack = await readFile(starterPack)
  for (let i = 0; i < 64; i++) pack[(pack.length >> 1) + i]! ^= 0xff
  await addFiles(app, page, {
    'notes.txt': Buffer.from('notes'),
    'broken.wav': Buffer.from('RIFF'),
    'damaged.nagare': pack,
  })
  await expect(page.getByRole('alert').filter({ hasText: 'damaged.nagare was not added' })).toBeVisible()
  await expect(page.getByRole('alert').filter({ hasText: 'broken.wav was not added' })).toBeVisible()
  await shoot(app, page, 'refused')
})

test('a job that fails', async ({ app, page }) => {
  await addTalk(app, page)
  await addFiles(app, page, { 'fleeting.nagare': await readFile(starterPack) })
  const choice = page.getByRole('combobox', { name: 'Model' })
  await choice.selectOption('fleeting')
  await rm(join(app.home, 'packs', 'fleeting.nagare'), { recursive: true })
  await enhanceButton(page).click()
  await expect(page.getByRole('alert').filter({ hasText: /failed/ })).toContainText('fleeting')
  await page.getByRole('tab', { name: /^Queue/ }).click()
  await expect(queue(page).first()).toHaveAttribute('data-state', 'failed')
  await expect(library(page)).toBeVisible()
  await shoot(app, page, 'failed')
})
