import { readFile } from 'node:fs/promises'
import type { Locator, Page } from '@playwright/test'
import { addFiles, addRecording, heard, lane, library, needModel, noisyWav, playerTime, queue } from './window'
import { expect, test } from './fixtures'

/** Presses Tab until an element has the focus. */
async function tabTo(page: Page, target: Locator, key = 'Tab') {
  const focused = () => target.evaluate((node) => node === document.activeElement)
  for (let presses = 0; presses < 60 && !(await focused()); presses++) await page.keyboard.press(key)
  await expect(target).toBeFocused()
}

test('a whole visit without a mouse', async ({ app, page }) => {
  await expect(page.getByRole('heading', { name: 'Drop a recording or a picture' })).toBeVisible()

  await test.step('open', async () => {
    const chooser = page.waitForEvent('filechooser')
    await page.keyboard.press('Control+o')
    const picker = await chooser
    if (app.kind === 'electron') {
      await picker.setFiles([])
      await addFiles(app, page, { 'keys.wav': noisyWav(4) })
    } else await picker.setFiles({ name: 'keys.wav', mimeType: 'audio/wav', buffer: noisyWav(4) })
    await expect(lane(page, 'original').locator('[data-drawn=true]')).toBeVisible()
    await needModel(page)
  })

  await test.step('rename', async () => {
    await tabTo(page, page.getByRole('textbox', { name: 'Name of the recording' }))
    await page.keyboard.press('Control+a')
    await page.keyboard.type('by hand.wav')
    await page.keyboard.press('Enter')
    await expect(library(page).getByRole('button', { name: /^by hand\.wav/ })).toBeVisible()
  })

  await test.step('set and run', async () => {
    await tabTo(page, page.getByRole('spinbutton', { name: 'Iterations' }))
    await page.keyboard.press('Control+a')
    await page.keyboard.type('5')
    await tabTo(page, page.getByRole('button', { name: 'Enhance', exact: true }))
    await page.keyboard.press('Enter')
    await expect(lane(page, 'noise').locator('[data-drawn=true]')).toBeVisible({ timeout: 45_000 })
    await expect(page.getByRole('region', { name: 'This result' })).toContainText(/Iterations\s*5/)
  })

  await test.step('compare and move', async () => {
    await page.keyboard.press('b')
    await expect(heard(page)).toHaveAttribute('data-heard', 'original')
    await page.keyboard.press('n')
    await expect(heard(page)).toHaveAttribute('data-heard', 'noise')
    await page.keyboard.press('End')
    await expect.poll(() => playerTime(page)).toBeCloseTo(4, 1)
    await page.keyboard.press('Shift+ArrowLeft')
    await expect.poll(() => playerTime(page)).toBeCloseTo(3, 1)
    for (let i = 0; i < 4; i++) await page.keyboard.press('+')
    await page.keyboard.press('Home')
    await expect(page.getByRole('slider', { name: 'Playback position' })).toHaveAttribute('aria-valuenow', '0')
    const head = page.locator('.surface .head')
    const box = (await page.getByRole('slider', { name: 'Playback position' }).boundingBox())!
    await expect.poll(async () => (await head.boundingBox())!.x).toBeCloseTo(box.x, -1)
    await page.keyboard.press('End')
    await expect.poll(async () => (await head.boundingBox())!.x).toBeGreaterThan(box.x)
    await expect.poll(async () => (await head.boundingBox())!.x).toBeLessThanOrEqual(box.x + box.width)
    await page.keyboard.press('0')
  })

  await test.step('export', async () => {
    await page.keyboard.press('Control+e')
    const dialog = page.getByRole('dialog', { name: 'Export' })
    await expect(dialog).toBeVisible()
    await tabTo(page, dialog.getByRole('radio', { name: /^WAV, 16 bit/ }))
    await page.keyboard.press('ArrowDown')
    await expect(dialog.getByRole('radio', { name: /^WAV, 24 bit/ })).toBeChecked()
    await tabTo(page, dialog.getByRole('button', { name: 'Export', exact: true }))
    const download = page.waitForEvent('download')
    await page.keyboard.press('Enter')
    const bytes = await readFile(await (await download).path())
    expect(bytes.readUInt16LE(bytes.indexOf('fmt ') + 22)).toBe(24)
    await expect(dialog).toBeHidden()
  })

  await test.step('help, queue, removal and undo', async () => {
    await page.keyboard.press('?')
    const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await expect(help.getByText('Switch between original and result')).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(help).toBeHidden()

    await tabTo(page, page.getByRole('tab', { name: 'Task' }))
    await page.keyboard.press('ArrowRight')
    await expect(page.getByRole('tab', { name: 'Queue' })).toBeFocused()
    await expect(queue(page)).toHaveAttribute('data-state', 'done')
    await tabTo(page, queue(page).getByRole('button', { name: /^Remove .* from the list$/ }))
    await page.keyboard.press('Enter')
    await expect(queue(page)).toHaveCount(0)

    const row = library(page).getByRole('button', { name: /^by hand\.wav/ })
    await tabTo(page, row, 'Shift+Tab')
    await page.keyboard.press('Delete')
    await expect(row).toBeHidden()
    await page.keyboard.press('Control+z')
    await expect(row).toBeVisible()
  })
})

test('what has the focus shows it', async ({ app, page }) => {
  await addRecording(app, page, 'focus.wav', 1)
  for (let presses = 0; presses < 14; presses++) {
    await page.keyboard.press('Tab')
    const outline = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement!)
      return outlineStyle === 'none' ? 0 : parseFloat(outlineWidth)
    })
    expect(outline).toBeGreaterThanOrEqual(2)
  }
})

test('nothing moves by itself where less motion is wanted', async ({ app, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.reload()
  await addRecording(app, page, 'still.wav', 1)
  await addFiles(app, page, { 'notes.txt': Buffer.from('notes') })
  await expect(page.getByText('notes.txt is not a kind of file')).toBeVisible()
  await page.keyboard.press('m')
  await expect(page.getByRole('dialog', { name: 'Models' })).toBeVisible()
  const moving = await page.evaluate(() =>
    document
      .getAnimations()
      .filter((each) => {
        const { duration, iterations } = each.effect!.getComputedTiming()
        return Number(duration) > 1 || iterations === Infinity
      })
      .map((each) => (each as CSSAnimation).animationName ?? each.id),
  )
  expect(moving).toEqual([])
})
