import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import type { Page } from '@playwright/test'
import { axe } from './axe'
import { expect, test } from './fixtures'
import { addPicture, pictureView, stained, woven } from './pictures'
import { library } from './window'

const view = (page: Page) => page.getByTestId('mask-view')
const strokes = (page: Page) => page.getByRole('article', { name: /^Mask over/ })
const state = (page: Page) => page.locator('.document [role=status]')

async function openMask(page: Page) {
  await page.keyboard.press('k')
  await expect(view(page)).toHaveAttribute('data-ready', 'true')
}

/** Draws a line between points of the picture's size, in shares of it. */
async function drag(page: Page, ...points: (readonly [number, number])[]) {
  const box = (await view(page).boundingBox())!
  const scale = Math.min((box.width - 32) / 320, (box.height - 32) / 240)
  const at = ([x, y]: readonly [number, number]) =>
    [box.x + box.width / 2 + (x - 160) * scale, box.y + box.height / 2 + (y - 120) * scale] as const
  await page.mouse.move(...at(points[0]!))
  await page.mouse.down()
  for (const point of points.slice(1)) await page.mouse.move(...at(point), { steps: 6 })
  await page.mouse.up()
}

async function exportedPng(page: Page) {
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export PNG' }).click()
  const { data, info } = await sharp(await (await download).path())
    .raw()
    .toBuffer({ resolveWithObject: true })
  expect(info).toMatchObject({ width: 320, height: 240 })
  return data
}

const saved = (page: Page) => expect(state(page)).toContainText(/Saved$/, { timeout: 20_000 })

test('a mask is drawn, taken back to the pixel, saved, and there again', async ({ app, page }) => {
  await addPicture(app, page, 'cloth.png', await woven(stained))
  await openMask(page)
  await drag(page, [80, 80], [140, 100])
  await expect(strokes(page)).toHaveAttribute('data-strokes', '1')
  await saved(page)
  const one = await exportedPng(page)
  expect(one.some((value) => value === 255)).toBe(true)

  await page.keyboard.press('l')
  await drag(page, [200, 60], [280, 60], [280, 160], [200, 160])
  await expect(strokes(page)).toHaveAttribute('data-strokes', '2')
  const two = await exportedPng(page)
  expect(two.filter((value) => value === 255).length).toBeGreaterThan(one.filter((value) => value === 255).length)
  await page.keyboard.press('Control+z')
  expect((await exportedPng(page)).equals(one)).toBe(true)
  await page.keyboard.press('Control+Shift+z')
  expect((await exportedPng(page)).equals(two)).toBe(true)

  await test.step('a polygon closes with Enter; the eraser takes away; sizes go by keys', async () => {
    await page.keyboard.press('p')
    for (const point of [
      [40, 180],
      [90, 180],
      [60, 220],
    ] as const)
      await drag(page, point)
    await page.keyboard.press('Enter')
    await expect(strokes(page)).toHaveAttribute('data-strokes', '3')
    await page.keyboard.press('e')
    const size = page.getByRole('slider', { name: 'Size' })
    const before = Number(await size.inputValue())
    await page.keyboard.press(']')
    expect(Number(await size.inputValue())).toBeGreaterThan(before)
    await page.keyboard.press('[')
    await drag(page, [80, 80], [140, 100])
    await expect(strokes(page)).toHaveAttribute('data-strokes', '4')
  })
  await saved(page)
  const last = await exportedPng(page)

  await page.keyboard.press('Escape')
  await expect(view(page)).toBeHidden()
  await test.step('what was marked is a layer of the picture', async () => {
    await expect(pictureView(page)).toHaveAttribute('data-drawn', 'true')
    await page.keyboard.press('7')
    await expect(pictureView(page)).toHaveAttribute('data-layer', 'truth')
    await expect(pictureView(page)).toHaveAttribute('data-drawn', 'true')
    const lit = () =>
      pictureView(page)
        .locator('canvas')
        .first()
        .evaluate((canvas) => {
          const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, 2000, 2000)
          return data.some((value, i) => i % 4 === 0 && value === 255 && data[i + 1] === 255 && data[i + 3] === 255)
        })
    await expect.poll(lit).toBe(true)
    await page.keyboard.press('1')
    await expect.poll(lit).toBe(false)
  })
  // A mask is no picture of its own.
  await expect(library(page).getByRole('button', { name: /mask|truth/i })).toHaveCount(0)
  await page.reload()
  await library(page)
    .getByRole('button', { name: /^cloth\.png/ })
    .click()
  await openMask(page)
  expect((await exportedPng(page)).equals(last)).toBe(true)
})

test('COCO goes out and comes back; what does not fit is refused', async ({ page }) => {
  await library(page)
    .getByRole('button', { name: /^cloth\.png/ })
    .click()
  await openMask(page)
  const before = await exportedPng(page)
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export COCO' }).click()
  const coco = await readFile(await (await download).path())
  await page.keyboard.press('Shift+Delete')
  await expect(state(page)).toContainText('0.0 %')
  const bring = async (name: string, buffer: Buffer) => {
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Import…' }).click()
    await (await chooser).setFiles({ name, mimeType: 'application/json', buffer })
  }
  await bring('cloth_coco.json', coco)
  await expect(state(page)).not.toContainText('0.0 %')
  expect((await exportedPng(page)).equals(before)).toBe(true)
  await bring('other.json', Buffer.from(coco.toString().replace('"width":320', '"width":321')))
  await expect(page.getByText(/Expected a mask of 320 × 240 pixels/)).toBeVisible()
  expect((await exportedPng(page)).equals(before)).toBe(true)
})

test('is drawn by keys alone, and readable for everyone in both themes', async ({ page }) => {
  await library(page)
    .getByRole('button', { name: /^cloth\.png/ })
    .click()
  await openMask(page)
  await page.keyboard.press('i')
  await expect(page.getByRole('radio', { name: 'Ignored' })).toBeChecked()
  await expect(view(page)).toHaveAttribute('data-ready', 'true')
  await expect(state(page)).toContainText('0.0 %')
  await page.keyboard.press('b')
  await page.keyboard.press('+')
  await page.keyboard.press('Shift+ArrowRight')
  await page.keyboard.press('d')
  await expect(state(page)).not.toContainText('0.0 %')
  await saved(page)
  for (const theme of ['light', 'dark'] as const) {
    await page.evaluate((theme) => (document.documentElement.dataset['theme'] = theme), theme)
    for (const size of [
      { width: 1440, height: 900 },
      { width: 1024, height: 700 },
    ]) {
      await page.setViewportSize(size)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width)
      await page.screenshot({ path: test.info().outputPath(`masks-${theme}-${size.width}.png`) })
    }
    const { violations } = await axe(page).analyze()
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
  }
})
