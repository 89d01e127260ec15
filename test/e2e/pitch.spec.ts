import type { Page } from '@playwright/test'
import { expect, test } from './fixtures'
import { heardGain, tapSound } from './sound'
import { addFiles, lane, noisyWav } from './window'

/** A 16-bit mono WAV of a sine at 16 kHz. */
function sineWav(seconds: number, hertz: number): Buffer {
  const wav = noisyWav(seconds)
  for (let i = 0; 44 + 2 * i < wav.length; i++)
    wav.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * hertz * i) / 16_000)), 44 + 2 * i)
  return wav
}

/** The strongest frequency of what goes to the loudspeaker, Hz; none before anything did. */
const heardHertz = (page: Page) =>
  page.evaluate(() => {
    const { tapped } = window as unknown as { tapped?: { joined: AnalyserNode } }
    if (!tapped) return NaN
    const { joined } = tapped
    const levels = new Float32Array(joined.frequencyBinCount)
    joined.getFloatFrequencyData(levels)
    const at = levels.reduce((best, level, i) => (level > levels[best]! ? i : best), 0)
    return (at * joined.context.sampleRate) / joined.fftSize
  })

test('a tone keeps its pitch at another speed, unless it is to go with it', async ({ app, page }) => {
  await tapSound(page)
  await addFiles(app, page, { 'tone.wav': sineWav(60, 440) })
  await expect(lane(page, 'original').locator('[data-drawn=true]')).toBeVisible({ timeout: 40_000 })
  const speed = page.getByRole('combobox', { name: 'Speed' })
  const keep = page.getByRole('checkbox', { name: 'Keep pitch' })
  const hears = (hertz: number) =>
    expect.poll(async () => Math.abs((await heardHertz(page)) - hertz), { timeout: 30_000 }).toBeLessThan(4)
  await expect(keep).toBeHidden()
  await page.keyboard.press('Home')
  await page.keyboard.press('Space')
  await hears(440)
  for (const pace of ['1.5', '0.5']) {
    await speed.selectOption(pace)
    await expect(keep).toBeChecked()
    await hears(440)
  }

  await test.step('the cursor goes at the speed that was chosen', async () => {
    await speed.selectOption('2')
    await hears(440)
    const places = () =>
      page.evaluate(() => {
        const parts = document.querySelector('[data-testid=time]')!.textContent!.split(':')
        const { joined } = (window as unknown as { tapped: { joined: AnalyserNode } }).tapped
        return { shown: parts.reduce((sum, part) => sum * 60 + Number(part), 0), clock: joined.context.currentTime }
      })
    const from = await places()
    await page.waitForTimeout(4000)
    const to = await places()
    expect(Math.abs((to.shown - from.shown) / (to.clock - from.clock) - 2)).toBeLessThan(0.3)
    expect(await heardGain(page)).toBeCloseTo(1, 5)
  })

  await test.step('the choice is remembered', async () => {
    await keep.uncheck()
    await hears(880)
    await page.reload()
    await expect(lane(page, 'original').locator('[data-drawn=true]')).toBeVisible({ timeout: 40_000 })
    await speed.selectOption('1.5')
    await expect(keep).not.toBeChecked()
    await page.keyboard.press('Space')
    await hears(660)
    await keep.check()
    await hears(440)
  })
})
