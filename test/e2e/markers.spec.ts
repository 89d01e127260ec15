import type { Page } from '@playwright/test'
import { axe } from './axe'
import { addFiles, addRecording, lane, noisyWav, playerTime } from './window'
import { expect, test } from './fixtures'

const markers = (page: Page) => page.getByRole('list', { name: 'Markers' }).getByRole('button')

async function faults(page: Page) {
  const { violations } = await axe(page).analyze()
  return violations.filter(({ impact }) => impact !== 'minor').map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`)
}

/** Puts the playhead so many seconds from the start. */
async function goTo(page: Page, seconds: number) {
  await page.keyboard.press('Home')
  for (let i = 0; i < seconds; i++) await page.keyboard.press('Shift+ArrowRight')
  await expect.poll(() => playerTime(page)).toBeCloseTo(seconds, 1)
}

test('places are marked, named, found, taken back and kept', async ({ app, page }) => {
  await addRecording(app, page, 'marked.wav', 8)
  await goTo(page, 2)
  await page.keyboard.press('Shift+M')
  await expect(markers(page)).toHaveCount(1)
  await goTo(page, 5)
  await page.keyboard.press('Shift+M')
  await expect(markers(page)).toHaveCount(2)
  await page.keyboard.press('F2')
  await page.getByRole('textbox', { name: 'Name of the marker' }).fill('Chorus')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Chorus, 0:05.0' })).toBeVisible()
  expect(await faults(page)).toEqual([])

  await page.keyboard.press('Home')
  await page.keyboard.press('.')
  await expect.poll(() => playerTime(page)).toBeCloseTo(2, 1)
  await page.keyboard.press('.')
  await expect.poll(() => playerTime(page)).toBeCloseTo(5, 1)
  await page.keyboard.press(',')
  await expect.poll(() => playerTime(page)).toBeCloseTo(2, 1)

  await page.keyboard.press('Shift+Delete')
  await expect(markers(page)).toHaveCount(1)
  await page.keyboard.press('Control+z')
  await expect(markers(page)).toHaveCount(2)
  await page.keyboard.press('Control+y')
  await expect(markers(page)).toHaveCount(1)
  await page.getByRole('button', { name: 'Chorus, 0:05.0' }).focus()
  await page.keyboard.press('F2')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+z')
  await expect(markers(page)).toHaveCount(2)

  await page.reload()
  await expect(markers(page)).toHaveCount(2)
  await page.getByRole('button', { name: 'Chorus, 0:05.0' }).click()
  await expect.poll(() => playerTime(page)).toBeCloseTo(5, 1)
})

test('clipping is marked, single samples are seen, and a place is found by ear', async ({ app, page }) => {
  const clipped = noisyWav(3)
  for (let i = 0; i < 6; i++) {
    clipped.writeInt16LE(32767, 44 + 2 * (16_000 + i))
    clipped.writeInt16LE(-32768, 44 + 2 * (32_000 + i))
  }
  await addFiles(app, page, { 'clipped.wav': clipped })
  await expect(lane(page, 'original').locator('[data-clips="2"]')).toBeVisible()
  for (let i = 0; i < 24; i++) await page.keyboard.press('+')
  await expect(lane(page, 'original').locator('canvas[data-detail=true]')).toBeVisible()
  await page.keyboard.press('0')
  const box = (await page.getByRole('slider', { name: 'Playback position' }).boundingBox())!
  await page.mouse.move(box.x + box.width / 3, box.y + 10)
  await page.mouse.down()
  await page.mouse.move(box.x + (box.width * 2) / 3, box.y + 10, { steps: 6 })
  await page.mouse.up()
  await expect.poll(() => playerTime(page)).toBeCloseTo(2, 1)
  await expect(page.getByRole('button', { name: 'Loop the selection' })).toBeDisabled()
})

test('level, loudness and speed of what plays', async ({ app, page }) => {
  await addRecording(app, page, 'loud.wav', 12)
  await page.keyboard.press('Space')
  const loudness = (letter: string) => page.locator(`[data-loudness=${letter}]`)
  await expect(loudness('S')).toHaveText(/−\d+\.\d LUFS/, { timeout: 15_000 })
  const figure = async (letter: string) => Number(/−([\d.]+)/.exec((await loudness(letter).textContent())!)![1])
  const file = await lane(page, 'original')
    .page()
    .getByRole('button', { name: /Original .*LUFS/ })
    .textContent()
  const whole = Number(/−([\d.]+) LUFS/.exec(file!)![1])
  for (const letter of ['M', 'S', 'I']) expect(Math.abs((await figure(letter)) - whole)).toBeLessThan(3)
  await expect(page.getByRole('meter', { name: 'Level of what plays' })).toHaveAttribute('aria-valuetext', /Peak .*RMS/)
  const speed = page.getByRole('combobox', { name: 'Speed' })
  await page.keyboard.press('<')
  await expect(speed).toHaveValue('0.75')
  await page.keyboard.press('>')
  await page.keyboard.press('>')
  await expect(speed).toHaveValue('1.25')
  await expect.poll(() => playerTime(page)).toBeGreaterThan(6)
  await page.keyboard.press('Space')
})

test('the spectrogram is shown as a person wants it, and so it stays', async ({ app, page }) => {
  await addRecording(app, page, 'seen.wav', 3)
  await page.keyboard.press('s')
  const picture = page.locator('.spectrogram')
  await expect(picture).toBeVisible()
  await expect(picture.getByRole('img', { name: 'Colours from −96 to −16 dB' })).toBeVisible()
  // Half of 16 kHz.
  await expect(picture.getByText('8 kHz')).toBeVisible()
  await page.getByRole('button', { name: 'How the spectrogram is shown' }).click()
  const options = page.getByRole('dialog', { name: 'How the spectrogram is shown' })
  await options.getByText('Log', { exact: true }).click()
  await options.getByText('Fire').click()
  await options.getByText('By itself').click()
  await expect(picture).toHaveAttribute('data-axis', 'log')
  expect(await faults(page)).toEqual([])
  await page.keyboard.press('Escape')
  await expect(options).toBeHidden()
  await expect(page.locator('.lane')).toHaveCount(0)
  await page.reload()
  await expect(picture).toHaveAttribute('data-colours', 'fire')
  await expect(page.locator('.lane')).toHaveCount(0)
})
