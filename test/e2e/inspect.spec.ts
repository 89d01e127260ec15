import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import type { Page } from '@playwright/test'
import { axe } from './axe'
import { expect, test, type App } from './fixtures'
import {
  addPicture,
  drawnAt,
  inspectButton,
  layers,
  pictureView,
  pixelOf,
  pixelRead,
  readOut,
  regions,
  stained,
  trainedPack,
  verdict,
  woven,
} from './pictures'
import { addFiles, addRecording, library, progress, queue } from './window'

let pack: Buffer
test.beforeAll(async () => {
  pack = await trainedPack()
})

const modelName = 'Principal components'
const inspected = async (page: Page) => {
  await expect(verdict(page)).toBeVisible({ timeout: 60_000 })
  await expect(pictureView(page)).toHaveAttribute('data-drawn', 'true')
}

/** Adds the model where it is not there yet. */
async function needPack(app: App, page: Page) {
  const choice = page.getByRole('combobox', { name: 'Model' })
  await expect(choice.or(page.getByText('No model for this is installed'))).toBeVisible()
  if ((await choice.getByRole('option', { name: modelName }).count()) === 0)
    await addFiles(app, page, { 'woven.nagare': pack })
  await choice.selectOption(modelName)
}

/** What the export dialog writes for one of its choices. */
async function exported(page: Page, what: string) {
  await page.keyboard.press('Control+e')
  const dialog = page.getByRole('dialog', { name: 'Export' })
  await dialog.getByRole('radio', { name: new RegExp(`^${what}`) }).check()
  const download = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Export', exact: true }).click()
  const file = await download
  await expect(dialog).toBeHidden()
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) }
}

test('a picture that is dropped is shown, inspected, looked at closely and exported', async ({ app, page }) => {
  const source = await woven(stained)
  await addPicture(app, page, 'cloth.png', source)
  await expect(page.getByRole('article', { name: 'cloth.png' })).toContainText('320 × 240  ·  colour  ·  8 bit  ·  PNG')
  await expect(layers(page).getByRole('button', { name: 'Heatmap' })).toBeDisabled()
  await expect(library(page).getByRole('button', { name: /^cloth\.png/ })).toBeVisible()
  await needPack(app, page)

  await inspectButton(page).click()
  await inspected(page)
  await expect(verdict(page)).toContainText(/^\s*Odd\s*Score\s*[01]\.\d\d/)
  await expect(layers(page)).toHaveAttribute('data-layer', 'overlay')
  await expect(page.getByRole('region', { name: 'This result' })).toContainText(/Model\s*Principal components/)
  // One run is one result, though it makes three files.
  await expect(library(page).getByRole('list', { name: 'Results' }).getByRole('button', { name: /^Odd/ })).toHaveCount(
    1,
  )

  await test.step('the stain is the first region, and a click goes there', async () => {
    const first = regions(page).getByRole('button').first()
    const [x, y] = (await first.getAttribute('title'))!
      .match(/at (\d+), (\d+)/)!
      .slice(1)
      .map(Number)
    const near = stained.stains!.some((stain) => Math.hypot(x! - 320 * stain.x, y! - 240 * stain.y) < 60)
    expect(near).toBe(true)
    const scale = page.getByTestId('scale')
    await first.click()
    await expect(first).toHaveAttribute('aria-pressed', 'true')
    await page.keyboard.press('0')
    await expect(page.getByRole('button', { name: 'Show all' })).toBeDisabled()
    await page.keyboard.press('p')
    await expect(scale).toHaveText('100 %')
  })

  await test.step('what is drawn, what is read out and what is exported agree, pixel by pixel', async () => {
    const heatmap = await exported(page, 'Heatmap')
    expect(heatmap.name).toBe('cloth (heatmap).png')
    expect(await sharp(heatmap.bytes).metadata()).toMatchObject({ width: 320, height: 240, format: 'png' })
    const mask = await exported(page, 'Mask')
    const overlay = await exported(page, 'Overlay')
    const original = await exported(page, 'Original')
    expect(original.bytes.equals(source)).toBe(true)

    for (const dismiss of await page.getByRole('button', { name: 'Dismiss' }).all())
      await dismiss.click({ timeout: 2000 }).catch(() => {})
    const box = (await pictureView(page).boundingBox())!
    // At 1:1 the picture lies in the middle of the view, on whole pixels.
    const left = Math.round(box.width / 2 - 160)
    const top = Math.round(box.height / 2 - 120)
    await page.getByRole('checkbox', { name: 'Outline' }).uncheck()
    for (const [x, y] of [
      [96, 96],
      [10, 20],
      [230, 158],
    ] as const) {
      await page.mouse.move(box.x + left + x + 0.5, box.y + top + y + 0.5)
      await expect(readOut(page)).toHaveAttribute('data-x', String(x))
      await expect(readOut(page)).toHaveAttribute('data-y', String(y))
      await expect(readOut(page)).toContainText((await pixelOf(source, x, y)).join(' '))
      for (const [key, file] of [
        ['1', source],
        ['3', heatmap.bytes],
        ['4', mask.bytes],
      ] as const) {
        await page.keyboard.press(key)
        await expect.poll(() => drawnAt(page, left + x, top + y)).toEqual(await pixelOf(file, x, y))
      }
      await page.keyboard.press('2')
      const wanted = await pixelOf(overlay.bytes, x, y)
      await expect
        .poll(async () => {
          const drawn = await drawnAt(page, left + x, top + y)
          return Math.max(...drawn.map((value, i) => Math.abs(value - wanted[i]!)))
        })
        .toBeLessThanOrEqual(2)
    }
    const inside = await readOut(page).locator('.value dd').textContent()
    await page.mouse.move(box.x + left + 10.5, box.y + top + 20.5)
    await expect
      .poll(async () => Number(await readOut(page).locator('.value dd').textContent()))
      .toBeLessThan(Number(inside))
    await page.getByRole('checkbox', { name: 'Outline' }).check()
  })

  await test.step('it is zoomed by the wheel where the pointer is, and moved by a drag', async () => {
    const box = (await pictureView(page).boundingBox())!
    await page.keyboard.press('0')
    await expect(page.getByRole('button', { name: 'Show all' })).toBeDisabled()
    await page.mouse.move(box.x + box.width / 2 + 50, box.y + box.height / 2 + 20)
    const before = await pixelRead(page)
    await page.keyboard.down('Control')
    for (let i = 0; i < 5; i++) await page.mouse.wheel(0, -120)
    await page.keyboard.up('Control')
    await expect(page.getByRole('button', { name: 'Show all' })).toBeEnabled()
    const after = await pixelRead(page)
    expect(Math.abs(after[0]! - before[0]!)).toBeLessThanOrEqual(1)
    expect(Math.abs(after[1]! - before[1]!)).toBeLessThanOrEqual(1)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width / 2 - 50, box.y + box.height / 2 - 20, { steps: 4 })
    await page.mouse.up()
    // The same pixel is still under the pointer.
    const moved = await pixelRead(page)
    expect(Math.abs(moved[0]! - after[0]!)).toBeLessThanOrEqual(1)
    expect(Math.abs(moved[1]! - after[1]!)).toBeLessThanOrEqual(1)
    await page.mouse.dblclick(box.x + 100, box.y + 100)
  })

  await test.step('it is there after a reload, and goes and comes back with its result', async () => {
    await page.reload()
    await inspected(page)
    await page.keyboard.press('Delete')
    await expect(page.getByText('cloth.png and 1 result removed')).toBeVisible()
    await expect(library(page).getByRole('button', { name: /^cloth\.png/ })).toHaveCount(0)
    await page.keyboard.press('Control+z')
    await inspected(page)
  })
})

test('a normal picture is called normal', async ({ app, page }) => {
  await addPicture(app, page, 'good.png', await woven({ seed: 31 }))
  await needPack(app, page)
  await page.keyboard.press('x')
  await inspected(page)
  await expect(verdict(page)).toContainText(/^\s*Normal/)
})

test('a run is stopped, and nothing of it stays', async ({ app, page }) => {
  const large = await woven({ ...stained, width: 3600, height: 2700 })
  await addFiles(app, page, { 'large.png': large })
  await expect(page.getByRole('textbox', { name: 'Name of the picture' })).toHaveValue('large.png', { timeout: 40_000 })
  await needPack(app, page)
  await inspectButton(page).click()
  await expect(progress(page)).toHaveAttribute('data-state', 'running')
  await progress(page).getByRole('button', { name: 'Stop' }).click()
  await expect(inspectButton(page)).toBeEnabled({ timeout: 30_000 })
  await expect(verdict(page)).toHaveCount(0)
  await page.keyboard.press('q')
  await expect(queue(page).filter({ hasText: 'large.png' })).toHaveAttribute('data-state', 'cancelled')
})

test('a large picture is shown with all its pixels, one of 16 bits too', async ({ app, page }) => {
  const large = await woven({ width: 2600, height: 1400 })
  await addPicture(app, page, 'wide.png', large)
  await page.keyboard.press('p')
  const box = (await pictureView(page).boundingBox())!
  await page.mouse.move(box.x + 40, box.y + 30)
  const at = await pixelRead(page)
  await expect.poll(() => drawnAt(page, 40, 30)).toEqual(await pixelOf(large, at[0]!, at[1]!))

  const deep = await sharp(large).toColourspace('rgb16').png().toBuffer()
  await addPicture(app, page, 'deep.png', deep)
  await expect(page.getByRole('article', { name: 'deep.png' })).toContainText('16 bit')
  await page.keyboard.press('p')
  await page.mouse.move(box.x + 40, box.y + 30)
  const there = await pixelRead(page)
  const all = await sharp(deep).toColourspace('rgb16').raw({ depth: 'ushort' }).toBuffer()
  const from = 3 * (there[1]! * 2600 + there[0]!)
  const whole = [...new Uint16Array(all.buffer, all.byteOffset, all.length / 2).subarray(from, from + 3)]
  await expect.poll(() => drawnAt(page, 40, 30)).toEqual(whole.map((value) => Math.round(value / 257)))
  // The pixel is read out with all of its bits.
  await expect(readOut(page)).toContainText(whole.join(' '))
})

test('files that are no whole pictures are refused by name', async ({ app, page }) => {
  const whole = await woven()
  await addFiles(app, page, {
    'torn.png': whole.subarray(0, whole.length >> 1),
    'diary.jpg': Buffer.from('Dear diary, nothing was photographed today.'),
  })
  for (const [name, why] of [
    ['torn.png', /torn\.png/],
    ['diary.jpg', /expected PNG, JPEG, TIFF, WebP or BMP/],
  ] as const) {
    const notice = page.getByRole('alert').filter({ hasText: `${name} was not added` })
    await expect(notice).toContainText(why)
    await expect(library(page).getByRole('button', { name: new RegExp(`^${name}`) })).toHaveCount(0)
  }
})

test('a picture gives way to a sound, and its keys with it', async ({ app, page }) => {
  await addRecording(app, page, 'talk.wav', 0.5)
  await addPicture(app, page, 'after.png', await woven())
  await expect(page.getByRole('button', { name: 'Play' })).toHaveCount(0)
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue('talk.wav')
  await page.keyboard.press('Control+e')
  await expect(page.getByRole('dialog', { name: 'Export' }).getByText('WAV, 16 bit')).toBeVisible()
  await page.keyboard.press('Escape')
})

test('all of it works by keys alone', async ({ app, page }) => {
  test.skip(app.kind === 'electron', 'the file picker of the desktop wants paths')
  const tabTo = async (target: ReturnType<Page['getByRole']>) => {
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press('Tab')
      if (await target.evaluate((node) => node === document.activeElement)) return
    }
    throw new Error(`Tab does not reach ${String(target)}.`)
  }
  await expect(page.getByRole('button', { name: 'Open a file' }).first()).toBeVisible()
  const chooser = page.waitForEvent('filechooser')
  await page.keyboard.press('Control+o')
  await (await chooser).setFiles({ name: 'by keys.png', mimeType: 'image/png', buffer: await woven(stained) })
  await expect(pictureView(page)).toHaveAttribute('aria-label', 'by keys.png: Original')
  await expect(pictureView(page)).toHaveAttribute('data-drawn', 'true')
  await needPack(app, page)
  await tabTo(inspectButton(page))
  await page.keyboard.press('Enter')
  await inspected(page)

  await page.keyboard.press('b')
  await expect(layers(page)).toHaveAttribute('data-layer', 'original')
  for (const [key, name] of [
    ['2', 'Overlay'],
    ['3', 'Heatmap'],
    ['4', 'Mask'],
    ['1', 'Original'],
  ] as const) {
    await page.keyboard.press(key)
    await expect(pictureView(page)).toHaveAttribute('aria-label', `by keys.png: ${name}`)
  }
  await page.keyboard.press('o')
  await expect(page.getByRole('checkbox', { name: 'Outline' })).not.toBeChecked()
  await page.keyboard.press('n')
  const region = regions(page).getByRole('button')
  await expect(region.first()).toHaveAttribute('aria-pressed', 'true')
  await tabTo(region.first())
  await page.keyboard.press('ArrowRight')
  await expect(region.nth(1)).toBeFocused()
  await expect(region.nth(1)).toHaveAttribute('aria-pressed', 'true')

  await page.keyboard.press('p')
  for (let i = 0; i < 6; i++) await page.keyboard.press('+')
  const [x] = await pixelRead(page)
  await page.keyboard.press('Shift+ArrowRight')
  await page.keyboard.press('Shift+ArrowDown')
  await expect.poll(async () => Number(await readOut(page).getAttribute('data-x'))).toBeGreaterThan(x!)
  await page.keyboard.press('0')

  await page.keyboard.press('2')
  const heat = page.getByRole('slider', { name: 'Opacity of the heatmap' })
  await tabTo(heat)
  for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowRight')
  await expect(heat).toHaveAttribute('aria-valuetext', '60 %')

  await page.keyboard.press('Control+e')
  const dialog = page.getByRole('dialog', { name: 'Export' })
  await expect(dialog.getByRole('radio', { name: 'Overlay' })).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await tabTo(dialog.getByRole('button', { name: 'Export', exact: true }))
  const download = page.waitForEvent('download')
  await page.keyboard.press('Enter')
  expect((await download).suggestedFilename()).toBe('by keys (heatmap).png')
})

async function faults(page: Page) {
  const { violations } = await axe(page).analyze()
  return violations
    .filter(({ impact }) => impact !== 'minor')
    .map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(' | ')}`)
}

for (const colorScheme of ['light', 'dark'] as const)
  test(`no fault for those who cannot see it, in the ${colorScheme} theme, and all in view in a small window`, async ({
    app,
    page,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await addPicture(app, page, `axe-${colorScheme}.png`, await woven(stained))
    await needPack(app, page)
    expect(await faults(page)).toEqual([])
    await inspectButton(page).click()
    await inspected(page)
    for (const key of ['2', '1', '3', '4']) {
      await page.keyboard.press(key)
      expect(await faults(page)).toEqual([])
    }
    await page.keyboard.press('n')
    await page.setViewportSize({ width: 1024, height: 700 })
    expect(await faults(page)).toEqual([])
    const outside = await page.evaluate(() =>
      [...document.querySelectorAll('header button, footer button, footer input, .status dd, .verdict > *')]
        .map((node) => node.getBoundingClientRect())
        .filter(
          ({ width, left, right, bottom }) => width > 0 && (left < 0 || right > innerWidth || bottom > innerHeight),
        ),
    )
    expect(outside).toEqual([])
    await page.keyboard.press('Control+e')
    await expect(page.getByRole('dialog', { name: 'Export' })).toBeVisible()
    expect(await faults(page)).toEqual([])
  })
