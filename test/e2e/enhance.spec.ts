import { readFile } from 'node:fs/promises'
import {
  addRecording,
  enhanceButton,
  heard,
  lane,
  library,
  needModel,
  playerTime,
  progress,
  queue,
  setNumber,
} from './window'
import { expect, test } from './fixtures'

test('drop, enhance, compare, look and export', async ({ app, page }) => {
  await addRecording(app, page, 'interview.wav', 3)
  await expect(page.getByText('0:03.0 · 16 kHz · mono', { exact: false })).toBeVisible()
  await needModel(page)
  await setNumber(page, 'Iterations', 10)

  await enhanceButton(page).click()
  await expect(progress(page)).toBeVisible()
  await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 45_000 })
  await expect(lane(page, 'noise').locator('[data-drawn=true]')).toBeVisible()
  await expect(heard(page)).toHaveAttribute('data-heard', 'result')
  const details = page.getByRole('region', { name: 'This result' })
  await expect(details.getByText('Iterations')).toBeVisible()
  await expect(details.getByText('Seed')).toBeVisible()

  await test.step('one clock for original, result and noise', async () => {
    await page.keyboard.press('Home')
    await page.keyboard.press('Space')
    await expect.poll(() => playerTime(page)).toBeGreaterThan(0.2)
    const before = await playerTime(page)
    await page.keyboard.press('b')
    await expect(heard(page).getByRole('button', { name: 'Original' })).toHaveAttribute('aria-pressed', 'true')
    await page.keyboard.press('b')
    await expect(heard(page).getByRole('button', { name: 'Clean' })).toHaveAttribute('aria-pressed', 'true')
    await page.keyboard.press('n')
    await expect(heard(page).getByRole('button', { name: 'Noise' })).toHaveAttribute('aria-pressed', 'true')
    expect(await playerTime(page)).toBeGreaterThanOrEqual(before)
    await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible({ timeout: 10_000 })
    await page.keyboard.press('n')
    await expect(heard(page)).toHaveAttribute('data-heard', 'result')
  })

  await test.step('a click on the waveform seeks, the wheel zooms', async () => {
    const surface = page.getByRole('slider', { name: 'Playback position' })
    const box = (await surface.boundingBox())!
    await page.mouse.click(box.x + box.width / 2, box.y + box.height - 20)
    await expect.poll(() => playerTime(page)).toBeGreaterThan(1.3)
    expect(await playerTime(page)).toBeLessThan(1.7)
    await page.keyboard.press('+')
    await expect(page.getByRole('button', { name: 'Show all' })).toBeEnabled()
    await page.keyboard.press('0')
    await expect(page.getByRole('button', { name: 'Show all' })).toBeDisabled()
  })

  await test.step('the spectrogram is drawn', async () => {
    await page.keyboard.press('s')
    const picture = page.getByRole('img', { name: 'Spectrogram of Clean' })
    await expect(picture).toBeVisible()
    const colours = () =>
      picture.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
        const seen = new Set<number>()
        for (let i = 0; i < data.length; i += 4 * 97) seen.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!)
        return seen.size
      })
    await expect.poll(colours).toBeGreaterThan(40)
    await page.keyboard.press('s')
    await expect(picture).toBeHidden()
  })

  await test.step('the export is a WAV of the same length', async () => {
    await page.keyboard.press('Control+e')
    const dialog = page.getByRole('dialog', { name: 'Export' })
    await expect(dialog.getByRole('radio', { name: /^Clean/ })).toBeChecked()
    await dialog.getByRole('radio', { name: /WAV, 24 bit/ }).check()
    const download = page.waitForEvent('download')
    await dialog.getByRole('button', { name: 'Export', exact: true }).click()
    const file = await download
    expect(file.suggestedFilename()).toBe('interview (clean).wav')
    const bytes = await readFile(await file.path())
    expect(bytes.toString('latin1', 0, 4) + bytes.toString('latin1', 8, 12)).toBe('RIFFWAVE')
    const format = bytes.indexOf('fmt ') + 8
    expect(bytes.readUInt16LE(format + 2)).toBe(1)
    expect(bytes.readUInt32LE(format + 4)).toBe(16_000)
    expect(bytes.readUInt16LE(format + 14)).toBe(24)
    expect(bytes.readUInt32LE(bytes.indexOf('data') + 4)).toBe(3 * 16_000 * 3)
  })
})

test('settings stay after a reload, a removal can be undone, and two windows see the same', async ({
  app,
  page,
  context,
}) => {
  await addRecording(app, page, 'second.wav', 1)
  await page.keyboard.press('Control+,')
  await page.getByRole('radio', { name: 'Dark' }).check()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await page.keyboard.press('Escape')
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')

  const recordings = library(page)
  await recordings.getByRole('button', { name: /^second\.wav/ }).click()
  await page.keyboard.press('Delete')
  await expect(recordings.getByRole('button', { name: /^second\.wav/ })).toBeHidden()
  await page.keyboard.press('Control+z')
  await expect(recordings.getByRole('button', { name: /^second\.wav/ })).toBeVisible()

  test.skip(app.kind === 'electron', 'the desktop has one window')
  const other = await app.open(() => context.newPage())
  await expect(
    other.getByRole('navigation', { name: 'Library' }).getByRole('button', { name: /^second\.wav/ }),
  ).toBeVisible()
  const name = page.getByRole('textbox', { name: 'Name of the recording' })
  await name.fill('renamed.wav')
  await name.press('Enter')
  await expect(
    other.getByRole('navigation', { name: 'Library' }).getByRole('button', { name: /^renamed\.wav/ }),
  ).toBeVisible()

  await needModel(page)
  await setNumber(page, 'Iterations', 2)
  await enhanceButton(page).click()
  for (const each of [page, other]) {
    await each.getByRole('tab', { name: /^Queue/ }).click()
    await expect(queue(each).filter({ hasText: 'renamed.wav' })).toHaveAttribute('data-state', 'done', {
      timeout: 30_000,
    })
    await library(each)
      .getByRole('button', { name: /^renamed\.wav/ })
      .click()
    await expect(lane(each, 'result').locator('[data-drawn=true]')).toBeVisible()
  }
  await other.close()
})
