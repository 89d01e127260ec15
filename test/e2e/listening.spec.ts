import type { Page } from '@playwright/test'
import {
  addFiles,
  addRecording,
  enhanceButton,
  heard,
  lane,
  needModel,
  noisyWav,
  playerTime,
  setNumber,
} from './window'
import { heardGain, loudnessOf, switchOf, tapSound } from './sound'
import { expect, test } from './fixtures'

/** The steepest step from one sample to the next in a 16-bit WAV. */
function steepestStep(wav: Buffer): number {
  let most = 0
  for (let at = 46; at < wav.length; at += 2)
    most = Math.max(most, Math.abs(wav.readInt16LE(at) - wav.readInt16LE(at - 2)))
  return most / 32768
}

/** Places that the player shows, until it has gone back. */
async function placesUntilWrap(page: Page): Promise<number[]> {
  const places: number[] = []
  await expect
    .poll(
      async () => {
        places.push(await playerTime(page))
        return places.some((place, i) => i > 0 && place < places[i - 1]! - 0.3)
      },
      { intervals: [50] },
    )
    .toBe(true)
  return places
}

test('what is heard is levelled, switched at once and looped', async ({ app, page }) => {
  await tapSound(page)
  await addRecording(app, page, 'listen.wav', 8)
  const recording = noisyWav(8)
  await needModel(page)
  await setNumber(page, 'Iterations', 3)
  await enhanceButton(page).click()
  await expect(lane(page, 'noise').locator('[data-drawn=true]')).toBeVisible({ timeout: 45_000 })

  await test.step('original and result are played equally loud', async () => {
    const decibels = (gain: number) => 20 * Math.log10(gain)
    await page.keyboard.press('Home')
    await page.keyboard.press('1')
    await page.keyboard.press('Space')
    await expect.poll(() => playerTime(page)).toBeGreaterThan(0)
    const original = await heardGain(page)
    await page.keyboard.press('2')
    const result = await heardGain(page)
    const louder =
      (await loudnessOf(lane(page, 'result'))) -
      (await loudnessOf(lane(page, 'original'))) +
      decibels(result) -
      decibels(original)
    expect(Math.abs(louder)).toBeLessThan(0.15)
    expect(Math.abs(decibels(result) - decibels(original))).toBeGreaterThan(0.2)
    await page.keyboard.press('l')
    expect(await heardGain(page)).toBeCloseTo(1, 3)
    await page.keyboard.press('l')
    expect(await heardGain(page)).toBeCloseTo(result, 3)
    await page.keyboard.press('Space')
  })

  await test.step('the switch is over within 50 ms of sound, and nothing clicks', async () => {
    await page.keyboard.press('1')
    await page.keyboard.press('Home')
    await page.keyboard.press('Space')
    await expect.poll(() => playerTime(page)).toBeGreaterThan(0.8)
    const gain = await heardGain(page)
    const { seconds, both, steepest } = await switchOf(page, 'b')
    expect(seconds).toBeLessThan(0.05)
    expect(both).toBeGreaterThan(0.01)
    // The short rise of the switch adds a little to what the recording itself does from sample to sample.
    expect(steepest).toBeLessThan(1.2 * gain * steepestStep(recording))
    await expect(heard(page)).toHaveAttribute('data-heard', 'result')
    await page.keyboard.press('Space')
  })

  await test.step('at other speeds too, whether the pitch stays or not', async () => {
    const speed = page.getByRole('combobox', { name: 'Speed' })
    const keep = page.getByRole('checkbox', { name: 'Keep pitch' })
    const transport = page.getByRole('region', { name: 'Player' })
    for (const [pace, keeps, from, to] of [
      ['0.75', true, '1', 'result'],
      ['1.5', true, '2', 'original'],
      ['1.5', false, '1', 'result'],
      ['0.75', false, '2', 'original'],
    ] as const) {
      await speed.selectOption(pace)
      await keep.setChecked(keeps)
      await keep.blur()
      await page.keyboard.press(from)
      await page.keyboard.press('Home')
      await page.keyboard.press('Space')
      await expect.poll(() => playerTime(page)).toBeGreaterThan(1)
      const { seconds, both, steepest, elsewhere } = await switchOf(page, 'b')
      await expect(heard(page)).toHaveAttribute('data-heard', to)
      expect(seconds, `at ${pace}`).toBeLessThan(0.05)
      expect(both, `at ${pace}`).toBeGreaterThan(0.01)
      // Where two sounds are alike, the middle of the switch is louder than either by up to √2.
      expect(steepest, `at ${pace}`).toBeLessThan(1.5 * elsewhere)
      expect(elsewhere, `at ${pace}`).toBeLessThan(1.5 * Number(pace) ** (keeps ? 0 : 1) * steepestStep(recording))
      await page.keyboard.press('Space')
      await expect(transport).toHaveAttribute('data-playing', 'false')
    }
    await speed.selectOption('1')
    await speed.blur()
  })

  await test.step('a stretch drawn with the mouse repeats, until it is cleared', async () => {
    const box = (await page.getByRole('slider', { name: 'Playback position' }).boundingBox())!
    const y = box.y + box.height / 2
    await page.mouse.move(box.x + box.width * 0.25, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.4, y, { steps: 4 })
    await page.mouse.up()
    await expect(page.getByRole('button', { name: 'Loop the selection' })).toHaveAttribute('aria-pressed', 'true')
    await expect.poll(() => playerTime(page)).toBeCloseTo(2, 0)
    await page.keyboard.press('Space')
    const places = await placesUntilWrap(page)
    expect(Math.max(...places)).toBeLessThanOrEqual(3.3)
    expect(Math.min(...places)).toBeGreaterThanOrEqual(1.9)
    await page.keyboard.press('Escape')
    await expect(page.getByRole('button', { name: 'Loop the selection' })).toBeDisabled()
    await expect.poll(() => playerTime(page)).toBeGreaterThan(3.5)
  })

  await test.step('keys select too', async () => {
    await page.keyboard.press('Space')
    await page.keyboard.press('Home')
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('[')
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press(']')
    await page.keyboard.press('Home')
    await page.keyboard.press('Space')
    const places = await placesUntilWrap(page)
    expect(Math.max(...places)).toBeLessThanOrEqual(2.1)
  })
})

/** A 16-bit mono WAV of a sine at a quarter of the rate, from 45°: its samples stay 3 dB below its top, which is `amplitude`. */
function betweenSamples(seconds: number, amplitude: number): Buffer {
  const wav = noisyWav(seconds)
  const frames = (wav.length - 44) / 2
  for (let i = 0; i < frames; i++) {
    const edge = Math.min(1, i / 800, (frames - 1 - i) / 800)
    wav.writeInt16LE(Math.round(32767 * amplitude * edge * Math.sin((Math.PI / 2) * i + Math.PI / 4)), 44 + 2 * i)
  }
  return wav
}

test('the true peak is measured while it plays, and told before it is exported', async ({ app, page }) => {
  const note = page.getByRole('dialog', { name: 'Export' }).getByText(/dBTP/)
  for (const [name, amplitude, level] of [
    ['soft.wav', 0.51, 'True peak −5.9 dBTP'],
    ['hot.wav', 1.25, 'Between its samples it reaches +1.9 dBTP'],
  ] as const) {
    await addFiles(app, page, { [name]: betweenSamples(3, amplitude) })
    await expect(page.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue(name)
    await expect(lane(page, 'original').locator('[data-drawn=true]')).toBeVisible()
    await page.keyboard.press('Control+e')
    await expect(note).toContainText(level)
    await page.getByRole('dialog').getByText('WAV, 32-bit float').click()
    await expect(note).toHaveText(/^True peak/)
    await page.getByRole('dialog').getByText('WAV, 16 bit').click()
    await page.keyboard.press('Escape')
    // Keys are the dialog's until it is gone.
    await expect(page.locator('dialog')).toHaveCount(0)
  }
  await page.keyboard.press('Space')
  const shown = page.locator('[data-loudness=TP]')
  await expect(shown).toHaveText(/^\+(1\.9|2\.0) dBTP$/)
  await expect(page.getByText('Highest true peak of what was heard')).toBeAttached()
})

test('the picture that is shown is there again after a reload', async ({ app, page }) => {
  await addRecording(app, page, 'picture.wav', 2)
  const spectrogram = page.getByRole('button', { name: /^Spectrogram/ }).first()
  const mel = page.getByRole('button', { name: /^Mel/ }).first()
  await page.keyboard.press('s')
  await expect(spectrogram).toHaveAttribute('aria-pressed', 'true')
  await page.reload()
  await expect(spectrogram).toHaveAttribute('aria-pressed', 'true')
  await expect(page.locator('.spectrum')).toBeVisible()
  await mel.click()
  await page.reload()
  await expect(mel).toHaveAttribute('aria-pressed', 'true')
  await mel.click()
  await page.reload()
  await expect(lane(page, 'original').locator('[data-drawn=true]')).toBeVisible()
  await expect(page.locator('.spectrum')).toHaveCount(0)
})
