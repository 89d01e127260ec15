import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { axe } from './axe'
import { addFiles, addRecording, enhanceButton, lane, needModel, progress, setNumber, starterPack } from './window'
import { expect, test } from './fixtures'

async function faults(page: Page) {
  const { violations } = await axe(page).analyze()
  return violations
    .filter(({ impact }) => impact !== 'minor')
    .map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(' | ')}`)
}

test('a fault would be found', async ({ page }) => {
  await expect(page.getByRole('button', { name: 'Open a file' }).first()).toBeVisible()
  expect(await faults(page)).toEqual([])
  await page.evaluate(() => {
    const wrong = '<button></button><p style="color: #999; background: #aaa">Too pale</p><img src="data:," />'
    document.querySelector('main')!.insertAdjacentHTML('beforeend', wrong)
  })
  const ids = (await faults(page)).map((fault) => fault.split(' ')[0])
  expect(ids.sort()).toEqual(['button-name', 'color-contrast', 'image-alt'])
})

for (const colorScheme of ['light', 'dark'] as const)
  test.describe(`in the ${colorScheme} theme`, () => {
    test.beforeEach(async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme)
      await expect(page.getByRole('button', { name: 'Open a file' }).first()).toBeVisible()
    })

    test('no fault in what is there before a run', async ({ app, page }) => {
      expect(await faults(page)).toEqual([])
      await addRecording(app, page, `axe-${colorScheme}.wav`, 1)
      await addFiles(app, page, { 'notes.txt': Buffer.from('notes') })
      await page.keyboard.press('s')
      await expect(page.getByRole('img', { name: /Spectrogram/ })).toBeVisible()
      expect(await faults(page)).toEqual([])
      await page.keyboard.press('s')
      await page.getByRole('button', { name: 'Dismiss' }).click()

      for (const [keys, name] of [
        ['?', 'Keyboard shortcuts'],
        ['m', 'Models'],
        ['Control+,', 'Settings'],
        ['Control+e', 'Export'],
      ] as const) {
        await page.keyboard.press(keys)
        await expect(page.getByRole('dialog', { name })).toBeVisible()
        expect(await faults(page)).toEqual([])
        await page.keyboard.press('Escape')
        // Keys are the dialog's until it is gone, which is a moment after it is hidden.
        await expect(page.locator('dialog')).toHaveCount(0)
      }

      await page.setViewportSize({ width: 800, height: 600 })
      await page.getByRole('button', { name: 'Show the library' }).click()
      await expect(page.getByRole('navigation', { name: 'Library' })).toBeVisible()
      expect(await faults(page)).toEqual([])
    })

    test('no fault while it runs, in the result, in the queue, and where a model is removed', async ({ app, page }) => {
      await addRecording(app, page, `axe-run-${colorScheme}.wav`, 60)
      await needModel(page)
      await setNumber(page, 'Iterations', 100)
      await enhanceButton(page).click()
      await expect(progress(page)).toHaveAttribute('data-state', 'running')
      expect(await faults(page)).toEqual([])
      await page.getByRole('tab', { name: /^Queue/ }).click()
      expect(await faults(page)).toEqual([])
      await page.getByRole('tab', { name: 'Task' }).click()
      await progress(page).getByRole('button', { name: 'Stop' }).click()
      await expect(enhanceButton(page)).toBeEnabled({ timeout: 15_000 })

      await setNumber(page, 'Iterations', 2)
      await enhanceButton(page).click()
      await expect(lane(page, 'noise').locator('[data-drawn=true]')).toBeVisible({ timeout: 30_000 })
      await page.locator('summary', { hasText: 'SI-SDR' }).click()
      expect(await faults(page)).toEqual([])

      const file = `axe-${colorScheme}.nagare`
      await addFiles(app, page, { [file]: await readFile(starterPack) })
      await expect(page.getByRole('status').filter({ hasText: /Model .* added/ })).toBeVisible()
      await page.keyboard.press('m')
      await page
        .getByRole('dialog', { name: 'Models' })
        .getByRole('button', { name: /^Remove/ })
        .first()
        .click()
      await expect(page.getByRole('dialog', { name: 'Remove this model?' })).toBeVisible()
      expect(await faults(page)).toEqual([])
    })
  })
