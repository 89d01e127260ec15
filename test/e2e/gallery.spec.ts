import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { axe } from './axe'
import { expect, test } from './fixtures'
import { stained, trainedPack, woven } from './pictures'
import { addFiles, library, queue } from './window'

let pack: Buffer
let lot: string
test.beforeAll(async () => {
  pack = await trainedPack()
  lot = join(await mkdtemp(join(tmpdir(), 'nagare-e2e-lot-')), 'lot')
  await mkdir(join(lot, 'inner'), { recursive: true })
  for (let i = 0; i < 8; i++) await writeFile(join(lot, `good ${i}.png`), await woven({ seed: 100 + i }))
  for (let i = 0; i < 4; i++)
    await writeFile(join(lot, 'inner', `odd ${i}.png`), await woven({ ...stained, seed: 200 + i }))
  await writeFile(join(lot, 'broken.png'), (await woven()).subarray(0, 400))
  await writeFile(join(lot, 'readme.txt'), 'no picture')
})
test.afterAll(() => rm(join(lot, '..'), { recursive: true, force: true }))

const view = (page: Page) => page.getByRole('listbox', { name: 'Pictures' })
const cells = (page: Page) => view(page).getByRole('option')
const cell = (page: Page, name: string) => view(page).getByRole('option', { name: new RegExp(`^${name}`) })
const measures = (page: Page) => page.getByTestId('measures')
const show = (page: Page, what: string) => page.getByRole('combobox', { name: 'Show' }).selectOption({ label: what })

async function openGallery(page: Page) {
  await expect(library(page).getByRole('button', { name: 'All pictures, ' })).toBeVisible()
  await page.keyboard.press('y')
  await expect(view(page)).toBeVisible()
}

async function checkAxe(page: Page) {
  const { violations } = await axe(page).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
}

test('a folder is added and inspected as one, what is broken shows why, and the rest goes on', async ({
  app,
  page,
}) => {
  await addFiles(app, page, { 'woven.nagare': pack })
  await expect(page.getByText(/Model .* added/)).toBeVisible()
  // The chosen model is the one that was trained on such pictures.
  await addFiles(app, page, { 'first.png': await woven({ seed: 99 }) })
  await page.getByRole('combobox', { name: 'Model' }).selectOption('Principal components')

  const chooser = page.waitForEvent('filechooser')
  await page.keyboard.press('Control+Shift+O')
  await (await chooser).setFiles(lot)
  await expect(page.getByText('1 file is of no kind that Nagare reads')).toBeVisible()
  await expect(library(page).getByRole('button', { name: 'All pictures, 14' })).toBeVisible({ timeout: 60_000 })
  await expect(view(page)).toBeVisible()
  await expect(cells(page)).toHaveCount(14)
  await expect(view(page).locator('[data-verdict=odd], [data-verdict=normal]')).toHaveCount(12, { timeout: 90_000 })
  await expect(cell(page, 'broken.png')).toHaveAttribute('data-verdict', 'failed')
  await expect(cell(page, 'broken.png')).toContainText(/expected|picture/i)
  for (let i = 0; i < 4; i++) await expect(cell(page, `odd ${i}.png`)).toHaveAttribute('data-verdict', 'odd')
  // One job for many, not one for each.
  await page.getByRole('tab', { name: /^Queue/ }).click()
  expect(await queue(page).count()).toBeLessThan(5)
  await expect(queue(page).first()).toContainText(/pictures/)
})

test('pictures are sorted, filtered, labelled by keys, measured, and all of it can be undone', async ({ page }) => {
  await openGallery(page)
  await page.getByRole('combobox', { name: 'Order' }).selectOption({ label: 'Score, highest first' })
  await view(page).focus()
  await page.keyboard.press('Home')
  await expect(cells(page).first()).toHaveAttribute('aria-selected', 'true')
  await expect(cells(page).first()).toContainText('odd')

  await test.step('the four oddest are bad, the rest good', async () => {
    for (let i = 0; i < 4; i++) await page.keyboard.press('b')
    await expect(view(page).locator('[data-label=bad]')).toHaveCount(4)
    await page.getByRole('textbox', { name: 'Search by name' }).fill('good')
    await page.keyboard.press('Enter')
    await expect(cells(page)).toHaveCount(8)
    await page.keyboard.press('Control+a')
    await page.keyboard.press('g')
    await expect(view(page).locator('[data-label=good]')).toHaveCount(8)
    await page.getByRole('textbox', { name: 'Search by name' }).fill('')
    await expect(measures(page)).toContainText('8 good, 4 bad')
    await expect(measures(page)).toContainText(/AUROC\s*1\.000/)
    // F1 stands beside what calling all of them odd would get.
    await expect(measures(page)).toContainText(/F1\s*\d\.\d{3}\s*all odd: 0\.500/)
  })

  await test.step('undo takes a step back, redo brings it again', async () => {
    await view(page).focus()
    await page.keyboard.press('Control+z')
    await expect(view(page).locator('[data-label=good]')).toHaveCount(0)
    await page.keyboard.press('Control+Shift+z')
    await expect(view(page).locator('[data-label=good]')).toHaveCount(8)
  })

  await test.step('Shift chooses on; a defect is named for all of them and can be looked for', async () => {
    await page.keyboard.press('Escape')
    await page.keyboard.press('Home')
    await page.keyboard.press('Shift+ArrowRight')
    await expect(page.getByText('2 chosen')).toBeVisible()
    const field = page.getByPlaceholder('Name what is wrong')
    await field.fill('stain')
    await field.press('Enter')
    await expect(view(page).getByRole('option', { name: /Bad: stain/ })).toHaveCount(2)
    await show(page, 'Defect: stain')
    await expect(cells(page)).toHaveCount(2)
    await show(page, 'All')
  })

  await test.step('Enter opens one, Y and Escape go there and back', async () => {
    await view(page).focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('textbox', { name: 'Name of the picture' })).toHaveValue(/^odd/)
    await page.keyboard.press('y')
    await expect(view(page)).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(view(page)).toBeHidden()
  })

  await page.reload()
  await openGallery(page)
  await expect(view(page).locator('[data-label=bad]')).toHaveCount(4)
})

test('labels and a report are exported; nothing loads from elsewhere', async ({ page }) => {
  await openGallery(page)
  const written = async (what: string) => {
    await page.keyboard.press('Control+e')
    const dialog = page.getByRole('dialog', { name: 'Export' })
    await dialog.getByRole('radio', { name: new RegExp(`^${what}`) }).check()
    const download = page.waitForEvent('download')
    await dialog.getByRole('button', { name: 'Export', exact: true }).click()
    const file = await download
    await expect(dialog).toBeHidden()
    return { name: file.suggestedFilename(), path: await file.path() }
  }
  const labels = await written('Labels')
  expect(labels.name).toBe('Untitled labels.csv')
  const lines = (await readFile(labels.path, 'utf8')).trim().split('\n')
  expect(lines[0]).toBe('file,label,defect')
  expect(lines.filter((line) => line.includes(',bad,stain'))).toHaveLength(2)
  const report = await written('Report')
  const html = await readFile(report.path, 'utf8')
  expect(html).toContain('Against 12 labels (8 good, 4 bad)')
  expect(html.replace(/data:image\/jpeg;base64,[^"]+/g, '')).not.toMatch(/<script|src="http|href=/)
  expect((await written('Labelled pictures')).name).toBe('Untitled labelled.zip')
})

test('is readable for everyone, in both themes and in small windows', async ({ page }) => {
  await openGallery(page)
  await expect(cells(page).first()).toBeVisible()
  for (const theme of ['light', 'dark'] as const) {
    await page.evaluate((theme) => (document.documentElement.dataset['theme'] = theme), theme)
    for (const size of [
      { width: 1440, height: 900 },
      { width: 1024, height: 700 },
      { width: 760, height: 600 },
    ]) {
      await page.setViewportSize(size)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width)
      await expect(cells(page).first()).toBeVisible()
      await page.screenshot({ path: test.info().outputPath(`gallery-${theme}-${size.width}.png`) })
    }
    await checkAxe(page)
  }
})
