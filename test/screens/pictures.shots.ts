import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { addPicture, inspectButton, pictureView, regions, verdict } from '../e2e/pictures'
import { addFiles, library } from '../e2e/window'
import { expect, type App } from '../e2e/fixtures'
import { bricks, dismissAll, wall, type Wall } from './data'
import { shoot, test } from './shot'

let made: Wall
test.beforeAll(async () => {
  made = await wall()
})

const drawn = (page: Page) => expect(pictureView(page)).toHaveAttribute('data-drawn', 'true')
const grid = (page: Page) => page.getByRole('listbox', { name: 'Pictures' })
const modelChoice = (page: Page) => page.getByRole('combobox', { name: 'Model', exact: true })
const pca = 'Principal components'

/** Shows the sample picture, which is added where it is not there yet. */
async function addBricks(app: App, page: Page) {
  const name = 'Scratched bricks.png'
  await expect(
    library(page).getByText('What you add stays here.').or(library(page).locator('.item').first()),
  ).toBeVisible()
  const there = library(page).getByRole('button', { name })
  if ((await there.count()) === 0) return addPicture(app, page, name, await bricks())
  await there.first().click()
  await drawn(page)
}

async function inspect(page: Page, model: string) {
  await modelChoice(page).selectOption({ label: model })
  await inspectButton(page).click()
  await expect(verdict(page)).toBeVisible({ timeout: 90_000 })
  await drawn(page)
}

/** Gives the picture that is shown the mask that belongs to it. */
async function importMask(page: Page) {
  const title = await page.getByRole('textbox', { name: 'Name of the picture' }).inputValue()
  await page.keyboard.press('k')
  await expect(page.getByTestId('mask-view')).toHaveAttribute('data-ready', 'true')
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Import…' }).click()
  await (await chooser).setFiles({ name: 'mask.png', mimeType: 'image/png', buffer: made.masks[title]! })
  await expect(page.locator('.document [role=status]')).toContainText(/Saved$/, { timeout: 20_000 })
  await page.getByRole('button', { name: 'Done' }).click()
}

/** Shows all pictures together, which it does by itself where many were added. */
async function openGallery(page: Page) {
  if (!(await grid(page).isVisible())) await page.keyboard.press('y')
  await expect(grid(page)).toBeVisible()
}

/** The pieces of the wall, inspected by the model that learned others, and labelled. */
async function addWall(app: App, page: Page) {
  if (
    (await library(page)
      .getByRole('button', { name: /^All pictures/ })
      .count()) > 0
  )
    return
  await addFiles(app, page, { 'wall.nagare': made.pack })
  await expect(page.getByText(/Model .* added/)).toBeVisible()
  const [first, ...rest] = Object.entries(made.pictures)
  await addPicture(app, page, ...first!)
  await modelChoice(page).selectOption({ label: 'Brick surface' })
  await addFiles(app, page, Object.fromEntries(rest))
  await expect(library(page).getByRole('button', { name: /^All pictures, 3\d/ })).toBeVisible({ timeout: 60_000 })
  await openGallery(page)
  const seen = grid(page).locator('[data-verdict=odd], [data-verdict=normal]')
  await expect.poll(() => seen.count(), { timeout: 90_000 }).toBeGreaterThanOrEqual(29)
  const search = page.getByRole('textbox', { name: 'Search by name' })
  for (const [words, key] of [
    ['good', 'g'],
    ['scratch', 'b'],
    ['blob', 'b'],
    ['cut', 'b'],
    ['fad', 'b'],
  ] as const) {
    await search.fill(words)
    await page.keyboard.press('Enter')
    await expect(grid(page).getByRole('option').first()).toHaveAccessibleName(new RegExp(words, 'i'))
    await grid(page).focus()
    await page.keyboard.press('Control+a')
    await page.keyboard.press(key)
  }
  await search.fill('')
  await page.keyboard.press('Escape')
  await dismissAll(page)
}

test('a picture, inspected', async ({ app, page }) => {
  await addBricks(app, page)
  await inspect(page, 'Brick surface')
  await expect(regions(page).getByRole('button').first()).toBeVisible()
  await dismissAll(page)
  await shoot(app, page, 'picture', { settled: drawn, japanese: true })
  await page.keyboard.press('w')
  await page.keyboard.press('u')
  await expect(page.getByRole('slider', { name: 'Divider between the two layers' })).toBeVisible()
  await shoot(app, page, 'swipe', { settled: drawn })
})

test('gallery', async ({ app, page }) => {
  await addWall(app, page)
  await openGallery(page)
  await page.getByRole('combobox', { name: 'Order' }).selectOption({ label: 'Score, highest first' })
  await grid(page).focus()
  await page.keyboard.press('Home')
  await shoot(app, page, 'gallery', { japanese: true })
  await page.keyboard.press('Control+e')
  await expect(page.getByRole('dialog', { name: 'Export' })).toBeVisible()
  await shoot(app, page, 'report')
})

test('layers and figures', async ({ app, page }) => {
  await addWall(app, page)
  await openGallery(page)
  await page.getByRole('combobox', { name: 'Order' }).selectOption({ label: 'Score, highest first' })
  await grid(page).focus()
  for (const key of ['Home', 'ArrowRight', 'Enter']) await page.keyboard.press(key)
  await expect(verdict(page)).toBeVisible()
  await importMask(page)
  await expect(verdict(page)).toBeVisible()
  await page.keyboard.press('f')
  await expect(page.getByRole('region', { name: 'Figures' })).toContainText(/held-back|held back/)
  await expect(page.getByTestId('aupro')).toHaveText(/\d\.\d{3}/, { timeout: 20_000 })
  await dismissAll(page)
  await shoot(app, page, 'figures', { settled: drawn, japanese: true })
  await page.keyboard.press('f')
  await inspect(page, pca)
  await expect(page.getByRole('group', { name: 'What you see' })).toContainText('Rebuilt', { timeout: 90_000 })
  await dismissAll(page)
  await page.keyboard.press('5')
  await page.keyboard.press('Shift+w')
  await expect(page.getByRole('combobox', { name: 'Compared with' })).toBeVisible()
  await shoot(app, page, 'side', { settled: drawn })
})

test('mask editor', async ({ app, page }) => {
  await addBricks(app, page)
  await page.keyboard.press('k')
  const view = page.getByTestId('mask-view')
  await expect(view).toHaveAttribute('data-ready', 'true')
  const box = (await view.boundingBox())!
  const scale = Math.min((box.width - 32) / 200, (box.height - 32) / 200)
  const at = (x: number, y: number) =>
    [box.x + box.width / 2 + (x - 100) * scale, box.y + box.height / 2 + (y - 100) * scale] as const
  await page.mouse.move(...at(12, 100))
  await page.mouse.down()
  await page.mouse.move(...at(60, 124), { steps: 6 })
  await page.mouse.move(...at(128, 160), { steps: 6 })
  await page.mouse.up()
  await expect(page.locator('.document [role=status]')).toContainText(/Saved$/, { timeout: 20_000 })
  await shoot(app, page, 'mask')
})

test('a folder that is watched', async ({ app, page }) => {
  await addBricks(app, page)
  const folder = await mkdtemp(join(tmpdir(), 'nagare-line-'))
  try {
    for (const [name, bytes] of Object.entries(made.pictures).slice(0, 6)) await writeFile(join(folder, name), bytes)
    await page.keyboard.press('Control+Shift+F')
    const dialog = page.getByRole('dialog', { name: 'Watch a folder' })
    await dialog.getByRole('textbox', { name: 'Folder' }).fill(folder)
    await dialog.getByRole('combobox', { name: 'Inspected with' }).selectOption('Brick surface')
    await shoot(app, page, 'watch')
    await dialog.getByRole('button', { name: 'Watch', exact: true }).click()
    await expect(dialog).toBeHidden()
    const watched = page.getByRole('list', { name: 'Folders that are watched' })
    await expect(watched).toContainText('6 pictures', { timeout: 60_000 })
    await dismissAll(page)
    await openGallery(page)
    await shoot(app, page, 'watched')
    await watched.getByRole('button', { name: /^Stop watching/ }).click()
    await expect(watched).toBeHidden()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
