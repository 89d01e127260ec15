import { addRecording, heard, lane, needModel, playerTime, progress, setNumber } from './window'
import { expect, test } from './fixtures'

test('everything by keyboard alone', async ({ app, page }) => {
  const picker = page.waitForEvent('filechooser')
  await expect(page.getByRole('heading', { name: 'Drop a noisy recording' })).toBeVisible()
  await page.keyboard.press('Control+o')
  await (await picker).setFiles([])
  await addRecording(app, page, 'keys.wav', 2)
  await needModel(page)
  await setNumber(page, 'Iterations', 5)

  await page.keyboard.press('e')
  await expect(progress(page).or(lane(page, 'result')).first()).toBeVisible()
  await expect(lane(page, 'result')).toBeVisible({ timeout: 45_000 })
  await page.keyboard.press('b')
  await expect(heard(page)).toHaveAttribute('data-heard', 'original')
  await page.keyboard.press('End')
  await expect.poll(() => playerTime(page)).toBeCloseTo(2, 1)
  await page.keyboard.press('Shift+ArrowLeft')
  await expect.poll(() => playerTime(page)).toBeCloseTo(1, 1)

  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await expect(help.getByText('Switch between original and result')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(help).toBeHidden()

  await page.getByRole('tab', { name: 'Enhance' }).focus()
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('tab', { name: 'Queue' })).toBeFocused()
  await expect(page.getByRole('tabpanel').locator('[data-state=done]')).toBeVisible()
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
