import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { Asset } from '../../src-main/contract'
import { axe } from './axe'
import { expect, test, type App } from './fixtures'
import { addRecording, enhanceButton, lane, needModel, progress, queue, setNumber } from './window'

/** A Vulkan driver that is not there: as on a machine without a graphics card, whatever this one has. */
const none = '/nowhere/icd.json'
test.use({
  start: { settings: { device: 'webgpu' }, env: { VK_ICD_FILENAMES: none, VK_DRIVER_FILES: none } },
})

const reason = /^GPU \(WebGPU\) cannot be used: .+\. Computing on the processor instead \(.+\)\.$/
const details = (page: Page) => page.getByRole('region', { name: 'This result' })
const chosen = (page: Page) =>
  page.getByRole('dialog', { name: 'Settings' }).getByRole('group', { name: 'Compute device' }).getByRole('radio', {
    checked: true,
  })

/** What the project's files say of the results. */
async function origins({ project }: App) {
  const folder = join(project, 'assets')
  const texts = await Promise.all(
    (await readdir(folder)).map((name) => readFile(join(folder, name, 'asset.json'), 'utf8')),
  )
  return texts.flatMap((text) => Asset.parse(JSON.parse(text)).origin ?? [])
}

/** Has the graphics card chosen again, which the settings do not offer here; the tests of a file share them. */
async function chooseCard(app: App) {
  const file = join(app.home, 'settings.json')
  const settings = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...settings, device: 'webgpu' }))
  await app.killEngine()
}

/** Skips, visibly, where this system finds its graphics card all the same. */
test.beforeEach(async ({ page }) => {
  await page.keyboard.press('Control+,')
  await expect(chosen(page)).toHaveCount(1, { timeout: 45_000 })
  test.skip(await chosen(page).isEnabled(), 'a graphics card computes here, and it cannot be hidden from the provider')
  await page.keyboard.press('Escape')
})

test('a job for a graphics card that is not there is computed by the processor, and the window says so', async ({
  app,
  page,
}) => {
  await addRecording(app, page, 'no-card.wav', 1)
  await needModel(page)
  await setNumber(page, 'Iterations', 3)
  await enhanceButton(page).click()
  const alert = page.getByRole('alert').filter({ hasText: 'Computing on the processor' })
  await expect(alert).toContainText('GPU (WebGPU) cannot be used')
  await expect(alert).toContainText('Choose another device in Settings.')
  await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 30_000 })

  await test.step('in the result and in its record', async () => {
    await expect(details(page)).toContainText(/Device\s*CPU/)
    await expect(details(page).getByText(reason)).toBeVisible()
    const found = await origins(app)
    expect(found.map(({ role }) => role).toSorted()).toEqual(['clean', 'noise'])
    for (const origin of found) expect(origin).toMatchObject({ device: 'cpu', fallback: expect.stringMatching(reason) })
  })

  await test.step('in the queue, in both themes', async () => {
    await page.getByRole('tab', { name: /^Queue/ }).click()
    const row = queue(page).filter({ hasText: 'no-card.wav' })
    await expect(row).toHaveAttribute('data-state', 'done')
    await expect(row.getByText(reason)).toBeVisible()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme)
      expect((await axe(page).analyze()).violations).toEqual([])
    }
  })

  await test.step('a second job says it in its row, and only there', async () => {
    // It goes by itself too, on a slow machine before this.
    await alert
      .getByRole('button', { name: 'Dismiss' })
      .click({ timeout: 2000 })
      .catch(() => undefined)
    await expect(alert).toHaveCount(0, { timeout: 40_000 })
    await page.getByRole('tab', { name: 'Task' }).click()
    await setNumber(page, 'Iterations', 2)
    await enhanceButton(page).click()
    await page.getByRole('tab', { name: /^Queue/ }).click()
    const rows = queue(page).filter({ hasText: 'no-card.wav' })
    await expect(rows).toHaveCount(2)
    for (const row of await rows.all()) {
      await expect(row).toHaveAttribute('data-state', 'done', { timeout: 30_000 })
      await expect(row.getByText(reason)).toBeVisible()
    }
    await expect(alert).toHaveCount(0)
  })
})

test('a job that was left to the processor stops when asked', async ({ app, page }) => {
  await addRecording(app, page, 'stopped.wav', 20)
  await needModel(page)
  await setNumber(page, 'Iterations', 200)
  await enhanceButton(page).click()
  await page.getByRole('tab', { name: /^Queue/ }).click()
  const row = queue(page).filter({ hasText: 'stopped.wav' })
  await expect(row).toHaveAttribute('data-state', 'running')
  await expect(row.getByText(reason)).toBeVisible()
  await row.getByRole('button', { name: /^Stop/ }).click()
  await expect(row).toHaveAttribute('data-state', 'cancelled', { timeout: 10_000 })
  await page.getByRole('tab', { name: 'Task' }).click()
  await expect(progress(page)).toHaveCount(0)
  await expect(lane(page, 'result')).toHaveCount(0)
  const left = async () => {
    const files = await readdir(app.project, { recursive: true })
    return files.filter((file) => file.endsWith('.part') || file.startsWith(join('work', ' ').trimEnd()))
  }
  await expect.poll(left).toEqual([])
})

test('settings show the choice as what it is; without it nothing is said', async ({ app, page }) => {
  await addRecording(app, page, 'automatic.wav', 1)
  await needModel(page)
  await page.keyboard.press('Control+,')
  const settings = page.getByRole('dialog', { name: 'Settings' })
  await expect(chosen(page)).toBeDisabled()
  await expect(settings.locator('label').filter({ hasText: 'GPU (WebGPU)' })).toContainText(
    'Jobs are computed on the processor.',
  )
  await settings.getByRole('radio', { name: /^Automatic/ }).check()
  try {
    await page.keyboard.press('Escape')
    await setNumber(page, 'Iterations', 2)
    await enhanceButton(page).click()
    await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 30_000 })
    await expect(details(page)).toContainText(/Device\s*CPU/)
    await expect(details(page).getByText(reason)).toHaveCount(0)
    await expect(page.getByRole('alert')).toHaveCount(0)
  } finally {
    await chooseCard(app)
  }
})
