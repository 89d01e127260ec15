import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import type { Page } from '@playwright/test'
import { heatScale, regionFinder, valuesOf } from '../../src-main/contract'
import { axe } from './axe'
import { expect, test, type App } from './fixtures'
import {
  addPicture,
  drawnAt,
  inspectButton,
  layers,
  pictureView,
  pixelOf,
  readOut,
  regions,
  stained,
  trainedPack,
  verdict,
  woven,
} from './pictures'
import { addFiles } from './window'

let pack: Buffer
test.beforeAll(async () => {
  pack = await trainedPack()
})

const modelName = 'Principal components'

async function inspectedPicture(app: App, page: Page, name: string, bytes: Buffer) {
  await addPicture(app, page, name, bytes)
  const choice = page.getByRole('combobox', { name: 'Model', exact: true })
  await expect(choice.or(page.getByText('No model for this is installed'))).toBeVisible()
  if ((await choice.getByRole('option', { name: modelName }).count()) === 0)
    await addFiles(app, page, { 'woven.nagare': pack })
  await choice.selectOption(modelName)
  await inspectButton(page).click()
  await expect(verdict(page)).toBeVisible({ timeout: 60_000 })
  await expect(pictureView(page)).toHaveAttribute('data-drawn', 'true')
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

/** Closes the notices of finished exports, which lie over the picture. */
async function quiet(page: Page) {
  for (const dismiss of await page.getByRole('button', { name: 'Dismiss' }).all())
    await dismiss.click({ timeout: 2000 }).catch(() => {})
  await expect(page.getByRole('button', { name: 'Dismiss' })).toHaveCount(0)
  await leave(page)
}

/** The levels of a 16-bit map, 65535 for 1. */
async function levelsOf(png: Buffer) {
  const { data, info } = await sharp(png).toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer({
    resolveWithObject: true,
  })
  return {
    levels: new Uint16Array(data.buffer, data.byteOffset, data.length / 2),
    width: info.width,
    height: info.height,
  }
}

/** Where a picture of 320 × 240 pixels lies that is shown pixel by pixel, alone in `share` of the view. */
const corner = (page: Page, share = 1) =>
  pictureView(page).evaluate(
    ({ clientWidth, clientHeight }, part) => [
      Math.round((clientWidth * part) / 2 - 160),
      Math.round(clientHeight / 2 - 120),
    ],
    share,
  ) as Promise<[number, number]>

const bar = (page: Page) => page.getByRole('region', { name: 'Line between normal and odd' })
const line = (page: Page) => bar(page).getByRole('spinbutton', { name: 'Line, as a number' })
const least = (page: Page) => bar(page).getByRole('spinbutton', { name: /^Smallest region/ })
const figures = (page: Page) => page.getByRole('region', { name: 'Figures' })
const found = (page: Page) => verdict(page).locator('.found')

/** Gives the focus back, so that letters are shortcuts. */
const leave = (page: Page) => page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())

test('what is drawn, through zoom and move, is what is exported, and that is the map that the model gave', async ({
  app,
  page,
}) => {
  const source = await woven(stained)
  await inspectedPicture(app, page, 'proof.png', source)
  await page.keyboard.press('3')
  await page.getByRole('checkbox', { name: 'Outline' }).uncheck()
  await leave(page)
  const map = await exported(page, 'Map')
  const { levels, width, height } = await levelsOf(map.bytes)
  expect([width, height]).toEqual([320, 240])
  const heatmap = (await exported(page, 'Heatmap')).bytes
  await quiet(page)
  const { data: drawn } = await sharp(heatmap).raw().toBuffer({ resolveWithObject: true })

  await test.step('the exported colours are those of the map, at every pixel', () => {
    const colours = heatScale('ember')
    let wrong = 0
    for (let i = 0; i < levels.length; i++) {
      const at = 3 * Math.round((levels[i]! / 65535) * 255)
      for (let c = 0; c < 3; c++) if (drawn[3 * i + c] !== colours[at + c]) wrong++
    }
    expect(wrong).toBe(0)
  })

  const box = (await pictureView(page).boundingBox())!
  const points: [number, number][] = [
    [0.5, 0.5],
    [0.36, 0.4],
    [0.63, 0.6],
  ]
  for (const [name, zoom] of [
    ['fitted', []],
    ['pixel for pixel', ['p']],
    ['enlarged', ['p', '+', '+', '+']],
    ['moved', ['Shift+ArrowRight', 'Shift+ArrowDown']],
    ['far in', ['+', '+', '+', '+']],
  ] as const)
    await test.step(`${name}: the canvas shows the map`, async () => {
      for (const key of zoom) await page.keyboard.press(key)
      await expect(pictureView(page)).toHaveAttribute('data-drawn', 'true')
      const [left, top, scale] = (await pictureView(page).getAttribute('data-place'))!.split(' ').map(Number) as [
        number,
        number,
        number,
      ]
      for (const [u, v] of points) {
        // The middle of a pixel of the map that is seen there.
        const [px, py] = [Math.floor((box.width * u - left) / scale), Math.floor((box.height * v - top) / scale)]
        const [x, y] = [left + (px + 0.5) * scale, top + (py + 0.5) * scale]
        await page.mouse.move(box.x + x, box.y + y)
        const read = readOut(page)
        await expect(read).toHaveAttribute('data-x', String(px))
        await expect(read).toHaveAttribute('data-y', String(py))
        // The map's own number, with all of its bits, is read out.
        await expect(read.locator('.value')).toHaveAttribute('data-level', String(levels[py * width + px]!))
        const wanted = await pixelOf(heatmap, px, py)
        if (scale >= 2 || scale === 1) await expect.poll(() => drawnAt(page, x, y)).toEqual(wanted)
        else {
          // Between whole pixels colours are mixed with those of the neighbours.
          const near = [-1, 0, 1].flatMap((dy) =>
            [-1, 0, 1].map((dx) => (Math.min(Math.max(py + dy, 0), height - 1) * width + px + dx) * 3),
          )
          await expect
            .poll(async () => {
              const seen = await drawnAt(page, x, y)
              return seen.every((value, c) => {
                const around = near.map((at) => drawn[at + c]!)
                return value >= Math.min(...around) - 2 && value <= Math.max(...around) + 2
              })
            })
            .toBe(true)
        }
      }
    })
})

test('the line moves label, mask, regions and export, is kept, and is taken back', async ({ app, page }) => {
  await inspectedPicture(app, page, 'moved.png', await woven(stained))
  await page.keyboard.press('p')
  const { levels, width } = await levelsOf((await exported(page, 'Map')).bytes)
  const expectedAt = (threshold: number, minArea: number) => {
    const finder = regionFinder(width, { threshold, minArea })
    finder.push(valuesOf(levels))
    return finder.finish()
  }
  const label = (count: number) => (count === 0 ? 'Nothing reaches' : count === 1 ? '1 region ' : `${count} regions `)

  await test.step('by number, slider and key', async () => {
    await line(page).fill('0.68')
    await line(page).press('Enter')
    await expect(found(page)).toContainText(label(expectedAt(0.68, 1).count))
    await leave(page)
    await page.keyboard.press(']')
    await expect(line(page)).toHaveValue('0.69')
    await expect(found(page)).toContainText(label(expectedAt(0.69, 1).count))
    await page.keyboard.press('[')
    await expect(line(page)).toHaveValue('0.68')
    const slider = bar(page).getByRole('slider', { name: 'Line' })
    await slider.focus()
    await page.keyboard.press('ArrowRight')
    await expect(line(page)).toHaveValue('0.685')
    await expect(found(page)).toContainText(label(expectedAt(0.685, 1).count))
    await leave(page)
  })

  await test.step('small regions are left out of list, mask and export alike', async () => {
    await least(page).fill('6')
    await least(page).press('Enter')
    const { count, regions: wanted } = expectedAt(0.685, 6)
    expect(count).toBeGreaterThan(0)
    expect(count).toBeLessThan(expectedAt(0.685, 1).count)
    await expect(found(page)).toContainText(label(count))
    await expect(regions(page).getByRole('button').first()).toHaveAttribute(
      'title',
      new RegExp(`at ${wanted[0]!.peakAt.x}, ${wanted[0]!.peakAt.y}, .* ${wanted[0]!.area} pixels`),
    )
    await leave(page)
    await page.keyboard.press('4')
    const mask = (await exported(page, 'Mask')).bytes
    const { data } = await sharp(mask).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true })
    expect(data.filter((value) => value === 255)).toHaveLength(wanted.reduce((sum, { area }) => sum + area, 0))
    const [left, top] = await corner(page)
    const covered = levels.findIndex((level, i) => level / 65535 >= 0.685 && data[i] === 0)
    for (const at of [covered, wanted[0]!.peakAt.y * width + wanted[0]!.peakAt.x, 0].filter((i) => i >= 0)) {
      const [x, y] = [at % width, Math.floor(at / width)]
      await expect.poll(() => drawnAt(page, left + x, top + y)).toEqual([data[at], data[at], data[at]])
    }
    await page.keyboard.press('Shift+o')
    await expect(page.getByRole('toolbar', { name: 'Regions, the largest first' })).toBeVisible()
    await page.keyboard.press('Shift+o')
  })

  await test.step('it calls the picture normal where the line lies above its score, in the library too', async () => {
    await line(page).fill('1')
    await line(page).press('Enter')
    await expect(verdict(page)).toContainText(/^\s*Normal/)
    await expect(page.getByRole('list', { name: 'Results' }).getByRole('button', { name: /^Normal/ })).toHaveCount(1)
    await leave(page)
    await page.keyboard.press('Control+z')
    await expect(line(page)).toHaveValue('0.685')
    await page.keyboard.press('Control+y')
    await expect(line(page)).toHaveValue('1')
    await page.keyboard.press('Control+z')
  })

  await test.step('it holds for the model’s other pictures, after a reload too, until it is given back', async () => {
    await page.reload()
    await expect(line(page)).toHaveValue('0.685')
    await expect(least(page)).toHaveValue('6')
    await page.keyboard.press('\\')
    await expect(line(page)).toHaveValue('0.5')
    await expect(least(page)).toHaveValue('1')
    await expect(bar(page).getByRole('button', { name: 'Reset' })).toBeDisabled()
    await expect(found(page)).toContainText(label(expectedAt(0.5, 1).count))
  })

  await test.step('the false-alarm rate puts it, and says below which rate nothing is known', async () => {
    await page.keyboard.press('f')
    const rate = figures(page).getByRole('spinbutton', { name: 'False alarms, %' })
    await expect(figures(page)).toContainText(/held back \d+ normal pictures|held-back normal pictures/)
    await rate.fill('0.01')
    await expect(figures(page)).toContainText(
      /Under [\d.]+ % nothing can be told: the model held back \d+ normal pictures/,
    )
    await rate.fill('40')
    await figures(page).getByRole('button', { name: 'Put the line' }).click()
    await expect.poll(async () => Number(await line(page).inputValue())).toBeLessThan(0.5)
    await expect(figures(page)).toContainText(/At this line [\d.]+ % of the model’s \d+ held-back/)
    await expect(figures(page).getByRole('img', { name: /without a label; \d+ reach the line/ })).toBeVisible()
    await leave(page)
    await page.keyboard.press('Control+z')
    await page.keyboard.press('f')
    await expect(figures(page)).toHaveCount(0)
  })
})

test('reconstruction and difference are seen, compared by a divider or side by side, and exported', async ({
  app,
  page,
}) => {
  const source = await woven(stained)
  await inspectedPicture(app, page, 'compared.png', source)
  await page.getByRole('checkbox', { name: 'Outline' }).uncheck()
  await leave(page)
  await page.keyboard.press('p')
  const rebuilt = (await exported(page, 'Rebuilt')).bytes
  const difference = (await exported(page, 'Difference')).bytes
  await quiet(page)
  const box = (await pictureView(page).boundingBox())!
  const [left, top] = await corner(page)
  const points: [number, number][] = [
    [40, 40],
    [96, 96],
    [300, 200],
  ]
  for (const [x, y] of points) {
    const [a, b] = [await pixelOf(source, x, y), await pixelOf(rebuilt, x, y)]
    const apart = a.map((value, c) => Math.abs(value - b[c]!))
    expect(await pixelOf(difference, x, y)).toEqual(apart)
    await page.keyboard.press('5')
    await expect.poll(() => drawnAt(page, left + x, top + y)).toEqual(b)
    await page.keyboard.press('6')
    await expect.poll(() => drawnAt(page, left + x, top + y)).toEqual(apart)
  }

  await page.keyboard.press('5')
  await page.keyboard.press('w')
  const divider = page.getByRole('slider', { name: 'Divider between the two layers' })
  await expect(divider).toHaveAttribute('aria-valuenow', '50')
  await expect(pictureView(page)).toHaveAttribute('aria-label', 'compared.png: Rebuilt and Original')
  const both = async (x: number, wanted: Buffer) =>
    expect.poll(() => drawnAt(page, left + x, top + 100)).toEqual(await pixelOf(wanted, x, 100))
  await both(20, rebuilt)
  await both(300, source)
  await divider.focus()
  await page.keyboard.press('Home')
  await both(20, source)
  await page.keyboard.press('End')
  await both(300, rebuilt)
  const grip = (await divider.boundingBox())!
  await page.mouse.move(grip.x + 8, grip.y + 100)
  await page.mouse.down()
  await page.mouse.move(box.x + left + 100, box.y + 100, { steps: 4 })
  await page.mouse.up()
  await both(20, rebuilt)
  await both(300, source)
  await leave(page)
  await page.keyboard.press('Alt+ArrowRight')
  await page.keyboard.press('Shift+x')
  await expect(pictureView(page)).toHaveAttribute('aria-label', 'compared.png: Rebuilt and Overlay')
  await page.keyboard.press('Shift+w')
  await expect(divider).toHaveCount(0)
  await page.getByRole('combobox', { name: 'Compared with' }).selectOption('Original')
  await leave(page)
  // One camera: the same pixel lies at the same place of both halves.
  await page.keyboard.press('p')
  const [half] = await corner(page, 0.5)
  const middle = await pictureView(page).evaluate(({ clientWidth }) => clientWidth / 2)
  await expect.poll(() => drawnAt(page, half + 60, top + 100)).toEqual(await pixelOf(rebuilt, 60, 100))
  await expect
    .poll(() => drawnAt(page, Math.round(middle + middle / 2 - 160) + 60, top + 100))
    .toEqual(await pixelOf(source, 60, 100))
  await page.keyboard.press('Shift+w')
  await page.keyboard.press('u')
  await expect(page.getByRole('button', { name: 'Rulers in pixels' })).toHaveAttribute('aria-pressed', 'true')
})

test('colours and their span change in window and export alike', async ({ app, page }) => {
  await inspectedPicture(app, page, 'colours.png', await woven(stained))
  await page.getByRole('checkbox', { name: 'Outline' }).uncheck()
  await leave(page)
  await page.keyboard.press('3')
  await page.keyboard.press('p')
  const { levels, width } = await levelsOf((await exported(page, 'Map')).bytes)
  await page.getByRole('combobox', { name: 'Colours of the map' }).selectOption('Lagoon')
  await page.getByRole('combobox', { name: 'What the colours span' }).selectOption('This set')
  await leave(page)
  const heat = (await exported(page, 'Heatmap')).bytes
  const [left, top] = await corner(page)
  const [x, y] = [96, 96]
  const wanted = await pixelOf(heat, x, y)
  await expect.poll(() => drawnAt(page, left + x, top + y)).toEqual(wanted)
  const fixed = 3 * Math.round((levels[y * width + x]! / 65535) * 255)
  const colours = heatScale('lagoon')
  expect([...colours]).toEqual(expect.arrayContaining(wanted))
  expect(wanted).not.toEqual([...heatScale('ember').subarray(fixed, fixed + 3)])
  await page.reload()
  await expect(page.getByRole('combobox', { name: 'Colours of the map' })).toHaveValue('lagoon')
  await page.keyboard.press('Shift+c')
  await expect(page.getByRole('combobox', { name: 'Colours of the map' })).toHaveValue('grey')
  await page.keyboard.press('Shift+c')
  await page.keyboard.press('Shift+c')
  await expect(page.getByRole('combobox', { name: 'Colours of the map' })).toHaveValue('ember')
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
  }, info) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width: 1440, height: 900 })
    await inspectedPicture(app, page, `tools-${colorScheme}.png`, await woven(stained))
    await page.keyboard.press('f')
    await page.keyboard.press('w')
    await page.keyboard.press('u')
    await expect(figures(page)).toContainText(/held-back|held back/)
    expect(await faults(page)).toEqual([])
    for (const notice of await page.getByRole('button', { name: 'Dismiss' }).all()) await notice.click()
    await page.screenshot({ path: info.outputPath('wide.png') })
    await page.setViewportSize({ width: 1024, height: 700 })
    expect(await faults(page)).toEqual([])
    await page.screenshot({ path: info.outputPath('small.png') })
    const outside = await page.evaluate(() =>
      [...document.querySelectorAll('.document :is(button, input, select, dd)')]
        .filter((node) => !node.closest('.figures, .list'))
        .map((node) => ({ name: node.outerHTML.slice(0, 80), ...node.getBoundingClientRect().toJSON() }))
        .filter(
          ({ width, left, right, bottom }) => width > 0 && (left < 0 || right > innerWidth || bottom > innerHeight),
        ),
    )
    expect(outside).toEqual([])
    await page.keyboard.press('Shift+w')
    await page.keyboard.press('f')
    await page.screenshot({ path: info.outputPath('side.png') })
    await expect(layers(page)).toBeVisible()
  })
