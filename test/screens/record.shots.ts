import { expect } from '../e2e/fixtures'
import { addTalk } from './data'
import { shoot, test } from './shot'

// Chromium's made-up microphone beeps each half second.

test('recorder', async ({ app, page }) => {
  await addTalk(app, page)
  await page.keyboard.press('r')
  const bar = page.getByRole('region', { name: 'Recorder' })
  await expect(bar).toHaveAttribute('data-phase', 'recording', { timeout: 30_000 })
  await expect(page.getByTestId('recorded')).not.toHaveText('0:00.0')
  await shoot(app, page, 'recorder', { moves: true, japanese: true })
  await page.keyboard.press('r')
  await expect(bar).toBeHidden({ timeout: 30_000 })
})

test('live voice', async ({ app, page }) => {
  await addTalk(app, page)
  await page.keyboard.press('i')
  const talk = page.getByRole('region', { name: 'Recorder' }).getByRole('group', { name: 'Live voice' })
  await expect(talk.getByRole('combobox', { name: 'Hear yourself as' })).toBeVisible({ timeout: 30_000 })
  await page.keyboard.down('h')
  await expect(talk).toHaveAttribute('data-talk', 'speaking', { timeout: 30_000 })
  await expect(talk.getByTestId('live-figures')).toContainText(/late|slow/, { timeout: 30_000 })
  await shoot(app, page, 'talk', { moves: true })
  await page.keyboard.up('h')
  await expect(talk).toHaveAttribute('data-talk', 'idle', { timeout: 60_000 })
})
