import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from '@playwright/test'
import { bundle } from '../helpers/bundle'
import { axe } from './axe'
import { expect, test, type App } from './fixtures'
import { addFiles, addRecording, heard, lane, library, noisyWav, playerTime, queue } from './window'

type Helper = typeof import('../helpers/blow-pack')

let voices: Buffer
let damaged: Buffer
const small = { frame: 256, blocks: 2, flows: 2, channels: 16, samples: true }

test.beforeAll(async () => {
  const built = await bundle({ pack: 'test/helpers/blow-pack.ts' })
  const folder = await mkdtemp(join(tmpdir(), 'nagare-e2e-pack-'))
  try {
    const { writeTinyBlow } = (await import(pathToFileURL(join(built.folder, 'pack.mjs')).href)) as Helper
    voices = await readFile(await writeTinyBlow(join(folder, 'voices.nagare'), small))
    damaged = Buffer.from(voices)
  } finally {
    await rm(folder, { recursive: true, force: true })
    await built.remove()
  }
})

const tasks = (page: Page) => page.getByRole('group', { name: 'What to do' })
const cards = (page: Page) => page.getByRole('group', { name: 'Voice', exact: true })
const convertButton = (page: Page) => page.getByRole('button', { name: /^Convert( selection)?$/ })
const details = (page: Page) => page.getByRole('region', { name: 'This result' })
const made = (page: Page) => expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 45_000 })

/** Chooses the task, and adds the tiny voices where they are not there yet. */
async function chooseConvert(app: App, page: Page) {
  await tasks(page).getByText('Convert').click()
  const none = page.getByText('No model for this is installed')
  const model = page.getByRole('combobox', { name: 'Model' })
  await expect(none.or(model)).toBeVisible()
  if ((await model.getByRole('option', { name: 'Tiny voices' }).count()) === 0)
    await addFiles(app, page, { 'voices.nagare': voices })
  await model.selectOption('Tiny voices')
}

async function faults(page: Page) {
  const { violations } = await axe(page).analyze()
  return violations
    .filter(({ impact }) => impact !== 'minor')
    .map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(' | ')}`)
}

/** 16-bit samples of what the export dialog writes for the shown result. */
async function exported(page: Page): Promise<Int16Array> {
  await page.keyboard.press('Control+e')
  const dialog = page.getByRole('dialog', { name: 'Export' })
  await expect(dialog.getByRole('radio', { name: /^Converted/ })).toBeChecked()
  const download = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Export', exact: true }).click()
  const bytes = await readFile(await (await download).path())
  await expect(dialog).toBeHidden()
  const from = bytes.indexOf('data') + 8
  return Int16Array.from({ length: (bytes.length - from) >> 1 }, (_, i) => bytes.readInt16LE(from + 2 * i))
}

test('without a model the ways to one are named; with one its voices can be heard and chosen by mouse', async ({
  app,
  page,
}) => {
  await addRecording(app, page, 'mouse.wav', 2)
  await tasks(page).getByText('Convert').click()
  if (await page.getByText('No model for this is installed').isVisible()) {
    await expect(page.getByText('nagare train blow')).toBeVisible()
    await expect(convertButton(page)).toBeDisabled()
  }
  await chooseConvert(app, page)
  await expect(cards(page).getByRole('radio', { name: /^Ada/ })).toBeChecked()

  await test.step('a sample plays to its end, and gives way to the player', async () => {
    const hear = (name: string) => cards(page).getByRole('button', { name: `Hear ${name}’s voice` })
    const sent = page.waitForResponse(/\/packs\/voices\/voices\/0$/)
    await hear('Ada').click()
    const answer = await sent
    expect([200, 206]).toContain(answer.status())
    expect(answer.headers()['content-type']).toBe('audio/wav')
    await expect(cards(page).getByRole('button', { name: 'Stop Ada’s voice' })).toBeVisible()
    await expect(hear('Ada')).toBeVisible()
    await hear('Cy').click()
    await expect(cards(page).getByRole('button', { name: 'Stop Cy’s voice' })).toBeVisible()
    // A button that was clicked gives the focus back a moment later; until then Space would press it again.
    await expect.poll(() => page.evaluate(() => document.activeElement === document.body)).toBe(true)
    await page.keyboard.press('Space')
    await expect(page.getByRole('button', { name: 'Pause', exact: true })).toBeVisible()
    await expect(hear('Cy')).toBeVisible()
    await hear('Ben').click()
    await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible()
    await cards(page).getByRole('button', { name: 'Stop Ben’s voice' }).click()
    await expect(hear('Ben')).toBeVisible()
  })

  await cards(page).getByText('Ben', { exact: true }).click()
  await expect(cards(page).getByRole('radio', { name: /^Ben/ })).toBeChecked()
  await convertButton(page).click()
  await made(page)
  await expect(heard(page)).toHaveAttribute('data-heard', 'result')
  await expect(heard(page).getByRole('button', { name: 'Converted' })).toHaveAttribute('aria-pressed', 'true')
  await expect(heard(page).getByRole('button', { name: 'Noise' })).toHaveCount(0)
  await expect(details(page)).toContainText(/(Ada|Ben|Cy) → becomes\s*Ben/)
  await expect(details(page)).toContainText(/Nagare found that the voice is most like (Ada|Ben|Cy)’s\./)
  await expect(library(page).getByRole('button', { name: /^Converted Ben/ })).toBeVisible()

  await test.step('the voice is a third thing to hear', async () => {
    await heard(page).getByRole('button', { name: 'Voice' }).click()
    await expect(heard(page).getByRole('button', { name: 'Voice' })).toHaveAttribute('aria-pressed', 'true')
    await expect(heard(page).getByRole('button', { name: 'Converted' })).toHaveAttribute('aria-pressed', 'false')
    await expect(heard(page).getByRole('button', { name: 'Voice' })).toHaveAttribute('aria-pressed', 'false')
    await expect(heard(page).getByRole('button', { name: 'Converted' })).toHaveAttribute('aria-pressed', 'true')
  })

  const samples = await exported(page)
  expect(samples).toHaveLength(2 * 16_000)
  // Brought to full level.
  expect(Math.max(...samples.map(Math.abs)) / 32_768).toBeCloseTo(0.98, 2)
})

test('a mix of two voices is made of a stretch, by keys alone', async ({ app, page }) => {
  await addRecording(app, page, 'keys.wav', 4)
  await chooseConvert(app, page)
  await tasks(page).getByText('Enhance').click()
  await page.keyboard.press('j')
  await expect(tasks(page).getByRole('radio', { name: 'Convert' })).toBeChecked()
  await expect(cards(page)).toBeVisible()

  await test.step('the voices', async () => {
    await cards(page).getByRole('radio').first().focus()
    await page.keyboard.press('Space')
    await expect(cards(page).getByRole('radio', { name: /^Ada/ })).toBeChecked()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    await expect(cards(page).getByRole('radio', { name: /^Cy/ })).toBeChecked()
    await page.keyboard.press('Tab')
    await expect(cards(page).getByRole('button', { name: 'Hear Cy’s voice' })).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(cards(page).getByRole('button', { name: 'Stop Cy’s voice' })).toBeVisible()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await expect(page.getByRole('combobox', { name: 'Second voice' })).toBeFocused()
    await page.keyboard.press('A')
    const share = page.getByRole('slider', { name: 'Share of Ada' })
    await page.keyboard.press('Tab')
    await expect(share).toBeFocused()
    for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowLeft')
    await expect(share).toHaveAttribute('aria-valuetext', '70 % Cy, 30 % Ada')
    await page.keyboard.press('Tab')
    await expect(page.getByRole('spinbutton', { name: 'Strength' })).toBeFocused()
    await page.keyboard.press('Tab')
    await expect(page.getByRole('slider', { name: 'Strength' })).toBeFocused()
    await page.keyboard.press('Tab')
    await expect(page.getByRole('combobox', { name: 'Who speaks' })).toBeFocused()
    await page.keyboard.press('B')
    await expect(page.getByRole('combobox', { name: 'Who speaks' })).toHaveValue('Ben')
    await page.getByRole('main').focus()
  })

  await test.step('the stretch', async () => {
    const stretch = page.getByRole('group', { name: 'What is converted' })
    await expect(stretch).toHaveCount(0)
    await page.keyboard.press('Home')
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('[')
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press(']')
    await expect(stretch.getByRole('radio', { name: 'Selection' })).toBeChecked()
    await expect(page.locator('.surface .region')).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(stretch).toHaveCount(0)
    await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('[')
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press(']')
    await stretch.getByRole('radio', { name: 'Whole recording' }).focus()
    await page.keyboard.press('ArrowRight')
    await expect(page.getByText('0:01.0 – 0:02.0 (1 s)')).toBeVisible()
    await page.getByRole('main').focus()
  })

  await page.keyboard.press('c')
  await made(page)
  await expect(details(page)).toContainText(/Ben → becomes\s*70 % Cy, 30 % Ada/)
  await expect(details(page)).toContainText('Converted: 0:01.0 – 0:02.0. The rest is as it was.')
  await expect(details(page)).not.toContainText('found')

  await test.step('A, B and the voice by key, on one clock', async () => {
    await page.keyboard.press('Home')
    await page.keyboard.press('b')
    await expect(heard(page)).toHaveAttribute('data-heard', 'original')
    await page.keyboard.press('Space')
    await expect.poll(() => playerTime(page)).toBeGreaterThan(0.1)
    await page.keyboard.press('3')
    await expect(heard(page).getByRole('button', { name: 'Voice' })).toHaveAttribute('aria-pressed', 'true')
    await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible()
    await page.keyboard.press('3')
    await expect(heard(page).getByRole('button', { name: 'Voice' })).toHaveAttribute('aria-pressed', 'false')
    await page.keyboard.press('2')
  })

  await test.step('only the stretch is another', async () => {
    const samples = await exported(page)
    expect(samples).toHaveLength(4 * 16_000)
    const wav = noisyWav(4)
    const differs = (from: number, to: number) => {
      let most = 0
      for (let i = from * 16_000; i < to * 16_000; i++)
        most = Math.max(most, Math.abs(samples[i]! - wav.readInt16LE(44 + 2 * i)))
      return most
    }
    expect([differs(0, 1), differs(2, 4)].every((most) => most <= 2)).toBe(true)
    expect(differs(1, 2)).toBeGreaterThan(500)
  })

  await test.step('the choices stay, the stretch does not; the queue and the command say all', async () => {
    await page.getByRole('tab', { name: /^Queue/ }).click()
    await expect(queue(page).filter({ hasText: 'keys.wav' })).toHaveAttribute('data-state', 'done')
    await page.reload()
    await page.getByRole('tab', { name: 'Task' }).click()
    await expect(tasks(page).getByRole('radio', { name: 'Convert' })).toBeChecked()
    await expect(cards(page).getByRole('radio', { name: /^Cy/ })).toBeChecked()
    await expect(page.getByRole('slider', { name: 'Share of Ada' })).toHaveValue('0.3')
    await expect(page.getByRole('combobox', { name: 'Who speaks' })).toHaveValue('Ben')
    await expect(page.getByRole('group', { name: 'What is converted' })).toHaveCount(0)
  })

  await test.step('once more over the whole recording: two results, told apart', async () => {
    await page.getByRole('combobox', { name: 'Second voice' }).selectOption('None')
    await convertButton(page).click()
    await expect(library(page).getByRole('button', { name: /^Converted Cy \d/ })).toBeVisible({ timeout: 45_000 })
    await expect(
      library(page).getByRole('button', { name: /^Converted 70 % Cy, 30 % Ada, 0:01\.0 – 0:02\.0/ }),
    ).toBeVisible()
    await page.keyboard.press('?')
    const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await expect(help.getByText('Convert voice')).toBeVisible()
    await expect(help.getByText('Hear the voice that it becomes')).toBeVisible()
    await page.keyboard.press('Escape')
  })
})

for (const colorScheme of ['light', 'dark'] as const)
  test(`no fault of access in the ${colorScheme} theme, and room enough at 800 × 600`, async ({ app, page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme)
    await addRecording(app, page, `axe-${colorScheme}.wav`, 3)
    await chooseConvert(app, page)
    await page.getByRole('combobox', { name: 'Second voice' }).selectOption({ index: 1 })
    const surface = page.getByRole('slider', { name: 'Playback position' })
    const box = (await surface.boundingBox())!
    await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.5)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.5, { steps: 4 })
    await page.mouse.up()
    await page.getByText('Selection', { exact: true }).click()
    expect(await faults(page)).toEqual([])
    await cards(page)
      .getByRole('button', { name: /^Hear Cy/ })
      .click()
    await expect(cards(page).getByRole('button', { name: /^Stop Cy/ })).toBeVisible()
    expect(await faults(page)).toEqual([])

    await convertButton(page).click()
    await made(page)
    expect(await faults(page)).toEqual([])
    await page.setViewportSize({ width: 800, height: 600 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(800)
    const clipped = await page
      .locator('.side .body')
      .evaluate((body) => [...body.querySelectorAll('*')].filter((node) => node.scrollWidth > body.clientWidth).length)
    expect(clipped).toBe(0)
    expect(await faults(page)).toEqual([])

    await page.keyboard.press('m')
    const card = page.getByRole('dialog', { name: 'Models' }).getByRole('article', { name: 'Tiny voices' })
    await card.getByRole('button', { name: /^Hear Cy/ }).click()
    await expect(card.getByRole('button', { name: /^Stop Cy/ })).toBeVisible()
    expect(await faults(page)).toEqual([])
    await page.keyboard.press('Escape')
  })

test('a sample that was damaged since is not played, and that is said', async ({ app, page }) => {
  const at = damaged.indexOf('RIFF') + 2000
  damaged[at] = damaged[at]! ^ 1
  await addRecording(app, page, 'damaged.wav', 1)
  await chooseConvert(app, page)
  await expect(cards(page)).toBeVisible()
  await writeFile(join(app.home, 'packs', 'voices.nagare'), damaged)
  await cards(page)
    .getByRole('button', { name: /^Hear Ada/ })
    .click()
  await expect(page.getByRole('alert').filter({ hasText: 'The voice could not be played' })).toBeVisible()
  await expect(cards(page).getByRole('button', { name: /^Hear Ada/ })).toBeVisible()
})
