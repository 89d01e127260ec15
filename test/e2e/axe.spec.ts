import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { addFiles, addRecording } from './window'
import { expect, test } from './fixtures'

async function faults(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
}

for (const colorScheme of ['light', 'dark'] as const)
  test(`no serious fault in the ${colorScheme} theme`, async ({ app, page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme)
    await expect(page.getByRole('button', { name: 'Open a recording' }).first()).toBeVisible()
    expect(await faults(page)).toEqual([])

    await addRecording(app, page, `axe-${colorScheme}.wav`, 1)
    await addFiles(app, page, { 'notes.txt': Buffer.from('notes') })
    await page.keyboard.press('s')
    await expect(page.getByRole('img', { name: /Spectrogram/ })).toBeVisible()
    expect(await faults(page)).toEqual([])
    await page.keyboard.press('s')

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
    }
    await page.keyboard.press('q')
    expect(await faults(page)).toEqual([])
    await page.keyboard.press('q')

    await page.setViewportSize({ width: 800, height: 600 })
    await page.getByRole('button', { name: 'Show recordings' }).click()
    await expect(page.getByRole('navigation', { name: 'Recordings' })).toBeVisible()
    expect(await faults(page)).toEqual([])
  })
