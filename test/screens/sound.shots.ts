import type { Page } from '@playwright/test'
import { enhanceButton, heard, lane, library, progress, queue, setNumber } from '../e2e/window'
import { expect, type App } from '../e2e/fixtures'
import {
  addSound,
  addTalk,
  chooseTask,
  dismissAll,
  longName,
  longTalk,
  reading,
  readingName,
  showSound,
  talkName,
} from './data'
import { shoot, test } from './shot'

const drawn = (page: Page) => expect(page.locator('.lane [data-drawn=false]')).toHaveCount(0)
const takes = (page: Page) => page.locator('li.current').getByRole('button', { name: /^Clean/ })

/** Enhances what is shown, so that it has `count` results. */
async function enhanced(page: Page, count = 1) {
  await chooseTask(page, 'Enhance')
  for (let have = await takes(page).count(); have < count; have++) {
    await setNumber(page, 'Iterations', 50 - 20 * have)
    await enhanceButton(page).click()
    await expect(takes(page)).toHaveCount(have + 1, { timeout: 90_000 })
  }
  if ((await lane(page, 'result').count()) === 0) await takes(page).first().click()
  await expect(lane(page, 'result').locator('[data-drawn=true]').first()).toBeVisible({ timeout: 30_000 })
  await page.keyboard.press('2')
  await expect(heard(page)).toHaveAttribute('data-heard', 'result')
}

/** Selects a part of the recording, in shares of what is shown. */
async function selectPart(page: Page, from: number, to: number) {
  const box = (await page.getByRole('slider', { name: 'Playback position' }).boundingBox())!
  await page.mouse.move(box.x + box.width * from, box.y + box.height * 0.6)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * to, box.y + box.height * 0.6, { steps: 5 })
  await page.mouse.up()
  await expect(page.getByRole('group', { name: 'Edit the selection' })).toBeVisible()
}

const closeDialog = async (page: Page) => {
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
}

test('waveform, spectrogram, selection and markers', async ({ app, page }) => {
  await addTalk(app, page)
  await expect(page.getByRole('button', { name: /Original .*LUFS/ })).toBeVisible()
  await shoot(app, page, 'waveform', { settled: drawn })

  await page.keyboard.press('s')
  const spectrogram = page.getByRole('img', { name: /^Spectrogram of/ })
  await expect(spectrogram).toBeVisible()
  await page.getByRole('button', { name: 'How the spectrogram is shown' }).click()
  await expect(page.getByRole('dialog', { name: 'How the spectrogram is shown' })).toBeVisible()
  await shoot(app, page, 'spectrogram', { settled: drawn })
  await closeDialog(page)
  await page.keyboard.press('s')

  await selectPart(page, 0.42, 0.66)
  await shoot(app, page, 'edit', { settled: drawn })
  await page.keyboard.press('Shift+G')
  await expect(page.getByRole('dialog', { name: 'Change the level' })).toBeVisible()
  await shoot(app, page, 'level')
  await closeDialog(page)
  await page.keyboard.press('Escape')

  const names = ['Her sentence', 'His sentence', 'The tap']
  for (const [i, name] of names.entries()) {
    await page.keyboard.press('Home')
    for (let second = 0; second < 1 + 5 * i; second++) await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('Shift+M')
    await expect(page.getByRole('list', { name: 'Markers' }).getByRole('button')).toHaveCount(i + 1)
    await page.keyboard.press('F2')
    await page.getByRole('textbox', { name: 'Name of the marker' }).fill(name)
    await page.keyboard.press('Enter')
    await expect(page.getByRole('button', { name: new RegExp(`^${name}, `) })).toBeVisible()
  }
  await page.getByRole('main').focus()
  await shoot(app, page, 'markers', { settled: drawn })
})

test('a running job and the queue', async ({ app, page }) => {
  await addSound(app, page, readingName, await reading())
  await addTalk(app, page)
  await addSound(app, page, longName, await longTalk())
  await chooseTask(page, 'Enhance')
  await setNumber(page, 'Iterations', 200)
  await enhanceButton(page).click()
  await expect(progress(page)).toHaveAttribute('data-state', 'running')
  await expect(progress(page)).toContainText(/\d (s|min) left/, { timeout: 60_000 })
  await shoot(app, page, 'running', { moves: true })
  for (const name of [readingName, talkName]) {
    await showSound(page, name)
    await enhanceButton(page).click()
  }
  await page.getByRole('tab', { name: /^Queue/ }).click()
  await expect(queue(page)).toHaveCount(3)
  await shoot(app, page, 'queue', { moves: true, japanese: true })
  const stop = page.getByRole('button', { name: /^Stop .*\.(flac|wav)/ })
  await expect(async () => {
    if ((await stop.count()) > 0) await stop.first().click({ timeout: 1000 })
    expect(await stop.count()).toBe(0)
  }).toPass({ timeout: 30_000 })
  await page.getByRole('tab', { name: 'Task' }).click()
})

test('results, compared and exported', async ({ app, page }) => {
  await addSound(app, page, readingName, await reading())
  await enhanced(page)
  await addTalk(app, page)
  await enhanced(page)
  await page.keyboard.press('s')
  await expect(page.getByRole('img', { name: /^Spectrogram of/ })).toBeVisible()
  await shoot(app, page, 'enhanced', { settled: drawn, japanese: true })
  await page.keyboard.press('s')
  await enhanced(page, 2)
  await shoot(app, page, 'library', { settled: drawn })

  await page.keyboard.press('k')
  await expect(page.locator('.lane')).toHaveCount(3)
  await expect(page.locator('.lane [data-drawn=true]')).toHaveCount(3)
  await page.keyboard.press('2')
  await shoot(app, page, 'compare', { settled: drawn })
  await page.keyboard.press('k')
  await expect(lane(page, 'noise')).toBeVisible()
  await page.keyboard.press('d')
  await expect(page.getByRole('img', { name: /^Waveform of Original − Clean/ })).toBeVisible()
  await expect(
    page.getByRole('img', { name: /^Waveform of Original − Clean/ }).locator('[data-drawn=true]'),
  ).toBeVisible()
  await shoot(app, page, 'difference', { settled: drawn })
  await page.keyboard.press('d')

  await page.keyboard.press('Control+e')
  const dialog = page.getByRole('dialog', { name: 'Export', exact: true })
  await expect(dialog).toBeVisible()
  await shoot(app, page, 'export')
  await dialog.getByRole('button', { name: 'Several…' }).click()
  const several = page.getByRole('dialog', { name: 'Export several' })
  await several.getByRole('button', { name: 'All', exact: true }).click()
  await shoot(app, page, 'several', { japanese: true })
  await closeDialog(page)

  await page.keyboard.press('Control+k')
  await page.keyboard.type('on many')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Work on many' })).toBeVisible()
  await shoot(app, page, 'many')
  await closeDialog(page)

  await page.keyboard.press('Shift+K')
  const card = page.getByRole('region', { name: 'Blind test' })
  await expect(card).toBeVisible()
  for (const key of ['Shift+A', 'Enter', 'Shift+B', 'Enter', '1', '2', 'Shift+A']) await page.keyboard.press(key)
  await expect(card.getByTestId('score')).toContainText('of 3 correct')
  await shoot(app, page, 'blind', { japanese: true })
  await page.keyboard.press('Escape')
})

/** Starts the chosen task by its button, and waits for its result. */
async function made(app: App, page: Page, verb: string, result: RegExp) {
  await page.getByRole('button', { name: verb, exact: true }).click()
  await expect(library(page).getByRole('button', { name: result }).first()).toBeVisible({ timeout: 120_000 })
  await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 30_000 })
  await dismissAll(page)
}

test('voices', async ({ app, page }) => {
  await addSound(app, page, readingName, await reading())
  await chooseTask(page, 'Convert')
  const cards = page.getByRole('group', { name: 'Voice', exact: true })
  await expect(cards.getByRole('radio')).toHaveCount(6)
  await cards.locator('label').nth(2).click()
  await shoot(app, page, 'voices', { settled: drawn, japanese: true })
  await made(app, page, 'Convert', /^Converted/)
  await shoot(app, page, 'converted', { settled: drawn })
})

test('vocode', async ({ app, page }) => {
  await addSound(app, page, readingName, await reading())
  await chooseTask(page, 'Vocode')
  await made(app, page, 'Vocode', /^Vocoded/)
  await page.keyboard.press('g')
  await expect(page.getByRole('img', { name: /^Mel spectrogram of/ })).toBeVisible()
  await shoot(app, page, 'vocode', { settled: drawn })
})
