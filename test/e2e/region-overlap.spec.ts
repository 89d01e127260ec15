import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import type { Page } from '@playwright/test'
import { valuesOf } from '../../src-main/contract'
import { axe } from './axe'
import { expect, test, type App } from './fixtures'
import { addPicture, inspectButton, pictureView, stained, trainedPack, verdict, woven } from './pictures'
import { addFiles } from './window'

let pack: Buffer
test.beforeAll(async () => {
  pack = await trainedPack()
})

const figures = (page: Page) => page.getByRole('region', { name: 'Figures' })
const pro = (page: Page) => page.getByTestId('pro')
const line = (page: Page) => page.getByRole('spinbutton', { name: 'Line, as a number' })
const leave = (page: Page) => page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
const size = { width: 320, height: 240 }

async function inspected(app: App, page: Page, name: string, bytes: Buffer) {
  await addPicture(app, page, name, bytes)
  const choice = page.getByRole('combobox', { name: 'Model', exact: true })
  await expect(choice.or(page.getByText('No model for this is installed'))).toBeVisible()
  if ((await choice.getByRole('option', { name: 'Principal components' }).count()) === 0)
    await addFiles(app, page, { 'woven.nagare': pack })
  await choice.selectOption('Principal components')
  await inspectButton(page).click()
  await expect(verdict(page)).toBeVisible({ timeout: 60_000 })
  await expect(pictureView(page)).toHaveAttribute('data-drawn', 'true')
}

async function exportedMap(page: Page) {
  await page.keyboard.press('Control+e')
  const dialog = page.getByRole('dialog', { name: 'Export' })
  await dialog.getByRole('radio', { name: /^Map/ }).check()
  const download = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Export', exact: true }).click()
  const png = await readFile(await (await download).path())
  await expect(dialog).toBeHidden()
  const raw = sharp(png).toColourspace('grey16').raw({ depth: 'ushort' })
  const { data } = await raw.toBuffer({ resolveWithObject: true })
  return valuesOf(new Uint16Array(data.buffer, data.byteOffset, data.length / 2))
}

/** Draws along points of the picture, in its pixels, and answers what the mask holds. */
async function drawMask(page: Page, strokes: readonly (readonly (readonly [number, number])[])[]) {
  await page.keyboard.press('k')
  const view = page.getByTestId('mask-view')
  await expect(view).toHaveAttribute('data-ready', 'true')
  const box = (await view.boundingBox())!
  const scale = Math.min((box.width - 32) / size.width, (box.height - 32) / size.height)
  const to = ([x, y]: readonly [number, number]) =>
    [box.x + box.width / 2 + (x - 160) * scale, box.y + box.height / 2 + (y - 120) * scale] as const
  for (const [first, ...rest] of strokes) {
    await page.mouse.move(...to(first!))
    await page.mouse.down()
    for (const point of rest) await page.mouse.move(...to(point), { steps: 4 })
    await page.mouse.up()
  }
  await expect(page.locator('.document [role=status]')).toContainText(/Saved$/, { timeout: 20_000 })
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export PNG' }).click()
  const { data } = await sharp(await (await download).path())
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true })
  await page.getByRole('button', { name: 'Done' }).click()
  expect(data).toHaveLength(size.width * size.height)
  return { ...size, data: Uint8Array.from(data) }
}

/** The area under the overlap curve by its definition, of one region in each half of the picture. */
function auproOf(map: Float32Array, mask: Uint8Array) {
  const order = [...map.keys()].sort((a, b) => map[b]! - map[a]!)
  const areas = [0, 0]
  const half = (i: number) => (i % size.width < size.width / 2 ? 0 : 1)
  mask.forEach((on, i) => on && areas[half(i)]!++)
  const sound = mask.length - areas[0]! - areas[1]!
  let [area, rate, overlap, alarms, covered] = [0, 0, 0, 0, 0]
  order.forEach((i, n) => {
    if (mask[i]) covered += 1 / areas[half(i)]! / 2
    else alarms++
    if (map[order[n + 1]!] === map[i]) return
    const [end, whole] = [Math.min(alarms / sound, 0.3), alarms / sound - rate]
    if (end > rate) area += ((end - rate) * (2 * overlap + ((covered - overlap) * (end - rate)) / whole)) / 2
    rate = alarms / sound
    overlap = covered
  })
  return area / 0.3
}

async function openFigures(page: Page) {
  await leave(page)
  if (!(await figures(page).isVisible())) await page.keyboard.press('f')
  await expect(figures(page)).toContainText(/held-back|held back/)
}

test('masks that are drawn give the overlap of regions, beside the ROC and live with the line', async ({
  app,
  page,
}, info) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  await inspected(app, page, 'sound.png', await woven({ seed: 400 }))
  await inspected(app, page, 'stained.png', await woven(stained))
  await openFigures(page)
  await expect(pro(page)).toContainText('Draw masks of what is wrong')
  const map = await exportedMap(page)
  const mask = await drawMask(page, [
    [
      [86, 92],
      [106, 100],
    ],
    [
      [222, 156],
      [238, 162],
    ],
  ])
  await openFigures(page)

  await test.step('the area is that of the metric over the exported map and mask', async () => {
    await expect(page.getByTestId('aupro')).toHaveText(auproOf(map, mask.data).toFixed(3))
    await expect(pro(page)).toContainText('2 regions in 1 picture.')
  })

  await test.step('the point follows the line', async () => {
    for (const [threshold, moved] of [
      ['0.5', false],
      ['0.62', true],
    ] as const) {
      if (moved) {
        await line(page).fill(threshold)
        await line(page).press('Enter')
        await leave(page)
      }
      const sound = map.filter((_, i) => mask.data[i] === 0)
      const alarms = (100 * sound.filter((value) => value >= Number(threshold)).length) / sound.length
      await expect
        .poll(async () =>
          Math.abs(Number(/covered, ([\d.]+) %/.exec((await pro(page).textContent())!)?.[1] ?? NaN) - alarms),
        )
        .toBeLessThan(0.5)
      await expect(pro(page).getByRole('img', { name: /Area under the curve 0\.\d{3}, up to 30 %/ })).toBeVisible()
    }
    await line(page).fill('0.02')
    await line(page).press('Enter')
    await expect(pro(page)).toContainText('The line lies beyond the 30 % that are drawn.')
    await expect(pro(page).locator('circle')).toHaveCount(0)
    await leave(page)
    await page.keyboard.press('\\')
    await expect(pro(page).locator('circle')).toHaveCount(1)
  })

  await test.step('good pictures count as sound; another mask changes the figures', async () => {
    const before = await page.getByTestId('aupro').textContent()
    await page.keyboard.press('y')
    const cells = page.getByRole('listbox', { name: 'Pictures' })
    for (const [name, key] of [
      ['sound.png', 'g'],
      ['stained.png', 'b'],
    ] as const) {
      await cells.getByRole('option', { name: new RegExp(`^${name}`) }).click()
      await page.keyboard.press(key)
    }
    await cells.getByRole('option', { name: /^stained/ }).click()
    await page.keyboard.press('Enter')
    await expect(page.getByTestId('auroc')).toBeVisible()
    await expect(pro(page)).toContainText('2 regions in 1 picture, beside 1 good.')
    await drawMask(page, [
      [
        [40, 200],
        [70, 210],
      ],
    ])
    await openFigures(page)
    await expect(pro(page)).toContainText('3 regions in 1 picture')
    await expect(page.getByTestId('aupro')).not.toHaveText(before!)
  })

  for (const colorScheme of ['light', 'dark'] as const)
    await test.step(`no fault for those who cannot see it, in the ${colorScheme} theme`, async () => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const { violations } = await axe(page).include('.figures').analyze()
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
      await page.screenshot({ path: info.outputPath(`${colorScheme}.png`) })
    })

  await test.step('the report has it beside the ROC', async () => {
    await page.keyboard.press('y')
    await page.keyboard.press('Control+e')
    const dialog = page.getByRole('dialog', { name: 'Export' })
    await dialog.getByRole('radio', { name: /^Report/ }).check()
    const download = page.waitForEvent('download')
    await dialog.getByRole('button', { name: 'Export', exact: true }).click()
    const path = await (await download).path()
    const report = await readFile(path, 'utf8')
    expect(report).toMatch(/ROC, area 1\.000.*PRO, AUPRO 0\.\d{3} to 0\.3, 3 regions/s)
    await page
      .context()
      .newPage()
      .then(async (own) => {
        await own.setContent(report)
        await own.screenshot({ path: info.outputPath('report.png'), fullPage: true })
        await own.close()
      })
  })
})
