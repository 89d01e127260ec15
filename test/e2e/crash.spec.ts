import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { addRecording, enhanceButton, lane, needModel, progress, setNumber } from './window'
import { expect, test } from './fixtures'

const leftovers = async (project: string) => {
  const files = await readdir(project, { recursive: true })
  return files.filter((file) => file.endsWith('.part') || file.startsWith(join('work', ' ').trimEnd()))
}

test('a reload in the middle of a job keeps its progress', async ({ app, page }) => {
  await addRecording(app, page, 'reload.wav', 4)
  await needModel(page)
  await setNumber(page, 'Iterations', 60)
  await enhanceButton(page).click()
  await expect(progress(page)).toHaveAttribute('data-state', 'running')
  await page.reload()
  await expect(progress(page)).toBeVisible()
  await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 50_000 })
})

test('stopping a job stops it and leaves nothing behind', async ({ app, page }) => {
  await addRecording(app, page, 'stop.wav', 20)
  await needModel(page)
  await setNumber(page, 'Iterations', 200)
  await enhanceButton(page).click()
  await expect(progress(page)).toHaveAttribute('data-state', 'running')
  await progress(page).getByRole('button', { name: 'Stop' }).click()
  await expect(enhanceButton(page)).toBeEnabled({ timeout: 15_000 })
  await page.keyboard.press('q')
  await expect(page.getByRole('tabpanel').locator('[data-state=cancelled]')).toBeVisible()
  await expect.poll(() => leftovers(app.project)).toEqual([])
})

test('an engine that is killed comes back, says so, and the job goes on', async ({ app, page }) => {
  await addRecording(app, page, 'killed.wav', 8)
  await needModel(page)
  await setNumber(page, 'Iterations', 100)
  await enhanceButton(page).click()
  await expect(progress(page)).toHaveAttribute('data-state', 'running')
  await app.killEngine()
  await expect(page.getByRole('alert').filter({ hasText: 'The engine stopped and was started again' })).toBeVisible({
    timeout: 20_000,
  })
  await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 50_000 })
  await page.keyboard.press('q')
  await expect(page.getByRole('tabpanel').locator('[data-state=done]').filter({ hasText: 'killed.wav' })).toContainText(
    'attempt 2',
  )
  await expect.poll(() => leftovers(app.project)).toEqual([])
})
