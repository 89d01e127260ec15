import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { axe } from './axe'
import { addRecording, enhanceButton, heard, lane, library, needModel, noisyWav, setNumber } from './window'
import { expect, test, type App } from './fixtures'

const rate = 16_000
/** Samples on either side of a cut that are cross-faded. */
const half = 40

/** The samples of a 16-bit mono WAV. */
function samplesOf(wav: Buffer): Float32Array {
  const at = wav.indexOf('data') + 8
  const bytes = wav.subarray(at, at + wav.readUInt32LE(at - 4))
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i) / 32768)
}

/** The samples of what the window exports as a WAV of 16 bits, all of it or the selection. */
async function exported(page: Page, amount?: 'Selection'): Promise<Float32Array> {
  await page.keyboard.press('Control+e')
  const dialog = page.getByRole('dialog', { name: 'Export' })
  if (amount) await dialog.getByText(amount, { exact: true }).click()
  await dialog.getByText('WAV, 16 bit').click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Export', exact: true }).click(),
  ])
  await expect(dialog).toBeHidden()
  // The word that it is done lies over the toolbar for a while.
  const notice = page.getByRole('status').filter({ hasText: 'Exported' })
  await notice.first().getByRole('button', { name: 'Dismiss' }).click()
  await expect(notice).toHaveCount(0)
  return samplesOf(await readFile(await download.path()))
}

/** Puts the playhead at a whole second and selects up to another. */
async function selectSeconds(page: Page, from: number, to: number) {
  await page.keyboard.press('Escape')
  await page.keyboard.press('Home')
  for (let i = 0; i < from; i++) await page.keyboard.press('Shift+ArrowRight')
  await page.keyboard.press('[')
  for (let i = from; i < to; i++) await page.keyboard.press('Shift+ArrowRight')
  await page.keyboard.press(']')
  await expect(toolbar(page)).toContainText(`${to - from} s selected`)
}

const toolbar = (page: Page) => page.getByRole('group', { name: 'Edit the selection' })
const press = (page: Page, name: string) => toolbar(page).getByRole('button', { name, exact: true }).click()
const facts = (page: Page) => page.locator('.document .facts')
const spoken = (page: Page) => page.locator('p.spoken[aria-live=polite]')

/** Largest difference of two sounds of one length. */
function difference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length)
  let most = 0
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!))
  return most
}

/** Joined stretches of a sound. */
const joined = (...parts: Float32Array[]) => Float32Array.from(parts.flatMap((part) => [...part]))

/** The difference away from the joins at `places`. */
function differenceBetween(a: Float32Array, b: Float32Array, places: number[], reach = half): number {
  const [x, y] = [a.slice(), b.slice()]
  for (const at of places) for (const each of [x, y]) each.fill(0, Math.max(0, at - reach), at + reach)
  return difference(x, y)
}

/** A step of 16 bits, where the sound was changed and is dithered: three of them. */
const rounding = 1.1 / 32768
const dithered = 3.1 / 32768

const jsonOf = async (app: App) => {
  const folder = join(app.project, 'assets')
  const records = await Promise.all(
    (await readdir(folder)).map(
      async (id) =>
        JSON.parse(await readFile(join(folder, id, 'asset.json'), 'utf8')) as {
          name: string
          bytes: number
          sha256: string
        },
    ),
  )
  return records
}

test('a recording is edited by keys; every step is undone, also after a reload', async ({ app, page }) => {
  await addRecording(app, page, 'keys.wav', 6)
  const source = samplesOf(noisyWav(6))
  const part = (from: number, to: number) => source.subarray(from * rate, to * rate)
  const [before] = await jsonOf(app)

  await test.step('cut and paste at the same place changes nothing', async () => {
    await selectSeconds(page, 1, 3)
    await page.keyboard.press('Control+x')
    await expect(facts(page)).toContainText('0:04.0')
    await expect(toolbar(page)).toBeHidden()
    expect(differenceBetween(await exported(page), joined(part(0, 1), part(3, 6)), [rate])).toBeLessThan(rounding)
    await page.keyboard.press('Control+v')
    await expect(facts(page)).toContainText('0:06.0')
    await expect(toolbar(page)).toContainText('2 s selected')
    expect(difference(await exported(page), source)).toBe(0)
  })

  await test.step('what was copied goes elsewhere, in the place of what is selected', async () => {
    await page.keyboard.press('Control+c')
    await expect(spoken(page)).toHaveText(/2 s copied/)
    await selectSeconds(page, 4, 5)
    await page.keyboard.press('Control+v')
    await expect(facts(page)).toContainText('0:07.0')
    const expected = joined(part(0, 4), part(1, 3), part(5, 6))
    expect(differenceBetween(await exported(page), expected, [4 * rate, 6 * rate])).toBeLessThan(rounding)
    expect(differenceBetween(await exported(page, 'Selection'), part(1, 3), [0, 2 * rate])).toBeLessThan(rounding)
    await page.keyboard.press('Control+z')
    await expect(facts(page)).toContainText('0:06.0')
  })

  await test.step('Delete takes out the selection, and the recording where there is none', async () => {
    await selectSeconds(page, 0, 1)
    await page.keyboard.press('Delete')
    await expect(facts(page)).toContainText('0:05.0')
    expect(difference(await exported(page), part(1, 6))).toBe(0)
    await page.keyboard.press('Delete')
    const notice = page.locator('.notices').getByText('keys.wav removed')
    await expect(notice).toBeVisible()
    await page.keyboard.press('Control+z')
    await expect(notice).toBeHidden()
    await page.keyboard.press('Control+z')
    await expect(facts(page)).toContainText('0:06.0')
  })

  await test.step('silence, fades, and only the selection', async () => {
    await selectSeconds(page, 2, 3)
    await page.keyboard.press('Shift+S')
    await expect(spoken(page)).toHaveText(/Silence/)
    const silent = joined(part(0, 2), new Float32Array(rate), part(3, 6))
    expect(differenceBetween(await exported(page), silent, [2 * rate, 3 * rate])).toBeLessThan(dithered)
    await selectSeconds(page, 0, 2)
    await page.keyboard.press('Shift+I')
    await expect(spoken(page)).toHaveText(/Fade in/)
    await selectSeconds(page, 4, 6)
    await page.keyboard.press('Shift+O')
    await expect(spoken(page)).toHaveText(/Fade out/)
    const faded = silent.map(
      (value, i) => value * Math.min(1, i / (2 * rate), Math.max(0, (6 * rate - i) / (2 * rate))),
    )
    expect(differenceBetween(await exported(page), faded, [2 * rate, 3 * rate])).toBeLessThan(dithered)
    await selectSeconds(page, 1, 5)
    await page.keyboard.press('Shift+T')
    await expect(facts(page)).toContainText('0:04.0')
    const kept = faded.subarray(rate, 5 * rate)
    expect(differenceBetween(await exported(page), kept, [rate, 2 * rate])).toBeLessThan(dithered)
  })

  await test.step('all of it is undone after a reload, and done again, step by step', async () => {
    await page.reload()
    await expect(page.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue('keys.wav')
    await expect(facts(page)).toContainText('0:04.0')
    for (const step of ['Keep selection', 'Fade out', 'Fade in', 'Silence']) {
      await page.keyboard.press('Control+z')
      await expect(spoken(page)).toHaveText(new RegExp(`Undone: ${step}`))
    }
    expect(difference(await exported(page), source)).toBe(0)
    await page.keyboard.press('Control+Shift+Z')
    await expect(spoken(page)).toHaveText(/Done again: Silence/)
    // A crash of the engine loses no step either.
    await app.killEngine()
    await page.keyboard.press('Control+z')
    await expect(spoken(page)).toHaveText(/Undone: Silence/)
    expect(difference(await exported(page), source)).toBe(0)
    for (const step of ['Paste', 'Cut']) {
      await page.keyboard.press('Control+z')
      await expect(spoken(page)).toHaveText(new RegExp(`Undone: ${step}`))
    }
    await expect(facts(page)).toContainText('0:06.0')
  })

  const [after] = await jsonOf(app)
  expect([after!.name, after!.bytes, after!.sha256]).toEqual([before!.name, before!.bytes, before!.sha256])
})

test('a recording is edited by the mouse, also with sound of another', async ({ app, page }) => {
  await addRecording(app, page, 'first.wav', 4)
  await addRecording(app, page, 'second.wav', 4)
  const source = samplesOf(noisyWav(4))
  const box = (await page.getByRole('slider', { name: 'Playback position' }).boundingBox())!
  const drag = async (from: number, to: number) => {
    const y = box.y + box.height * 0.3
    await page.mouse.move(box.x + box.width * from, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * to, y, { steps: 4 })
    await page.mouse.up()
    await expect(toolbar(page)).toBeVisible()
  }
  const seconds = async () => Number(/([\d.]+) s selected/.exec((await toolbar(page).textContent())!)![1])
  const frames = async () => (await exported(page)).length

  await drag(0.25, 0.5)
  const copied = Math.round((await seconds()) * rate)
  await press(page, 'Copy')
  await press(page, 'Cut')
  await expect(toolbar(page)).toBeHidden()
  expect(Math.abs((await frames()) - (4 * rate - copied))).toBeLessThan(0.01 * rate)
  await page.keyboard.press('Control+z')
  await expect(facts(page)).toContainText('0:04.0')

  await library(page)
    .getByRole('button', { name: /^first\.wav/ })
    .click()
  await expect(page.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue('first.wav')
  await drag(0.5, 0.6)
  const replaced = Math.round((await seconds()) * rate)
  await press(page, 'Paste')
  await expect(spoken(page)).toHaveText(/Paste/)
  expect(Math.abs((await frames()) - (4 * rate - replaced + copied))).toBeLessThan(0.02 * rate)
  for (const [name, said] of [
    ['Silence', 'Silence'],
    ['Fade in', 'Fade in'],
    ['Fade out', 'Fade out'],
    ['Delete the selection', 'Delete'],
  ] as const) {
    await drag(0.2, 0.4)
    await press(page, name)
    await expect(spoken(page)).toHaveText(new RegExp(said))
  }
  await drag(0.1, 0.2)
  await press(page, 'Keep only the selection')
  await expect(spoken(page)).toHaveText(/Keep selection/)
  for (let i = 0; i < 6; i++) await page.keyboard.press('Control+z')
  await expect(facts(page)).toContainText('0:04.0')
  expect(difference(await exported(page), source)).toBe(0)

  await test.step('level, by the toolbar and its dialog', async () => {
    await drag(0.25, 0.5)
    await press(page, 'Change the level…')
    const dialog = page.getByRole('dialog', { name: 'Change the level' })
    await dialog.getByLabel('Gain (dB)').fill('-6')
    await dialog.getByRole('button', { name: 'Apply' }).click()
    await expect(dialog).toBeHidden()
    const [from, to] = [Math.round(rate * 1.1), Math.round(rate * 1.9)]
    const quieter = source.subarray(from, to).map((value) => value * 10 ** (-6 / 20))
    const sound = await exported(page)
    expect(difference(sound.subarray(from, to), quieter)).toBeLessThan(dithered)
    expect(difference(sound.subarray(0, 0.9 * rate), source.subarray(0, 0.9 * rate))).toBeLessThan(dithered)
  })
})

test('level, loudness, rate and channels are set in dialogs, by keys alone', async ({ app, page }) => {
  await addRecording(app, page, 'dialogs.wav', 4)
  const source = samplesOf(noisyWav(4))
  const field = (name: string) => page.getByRole('dialog').getByLabel(name)

  await page.keyboard.press('Shift+G')
  await expect(field('Gain (dB)')).toBeFocused()
  await page.keyboard.type('6')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(spoken(page)).toHaveText(/Level/)
  await page.keyboard.press('Shift+G')
  await expect(field('Gain (dB)')).toBeFocused()
  await page.keyboard.type('-6')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeHidden()
  // Up and down again is as it was, to the bit.
  expect(difference(await exported(page), source)).toBe(0)

  await page.keyboard.press('Shift+N')
  await expect(page.getByRole('dialog').getByRole('radio', { name: 'Peak' })).toBeFocused()
  await page.keyboard.press('Tab')
  await page.keyboard.type('-12')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeHidden()
  const peak = (await exported(page)).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  expect(20 * Math.log10(peak)).toBeCloseTo(-12, 1)

  await page.keyboard.press('Shift+N')
  await expect(page.getByRole('dialog').getByRole('radio', { name: 'Peak' })).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Tab')
  await page.keyboard.type('-23')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: /Original −23\.0 LUFS/ })).toBeVisible()

  await page.keyboard.press('Shift+H')
  await expect(field('Sample rate (Hz)')).toBeFocused()
  await page.keyboard.type('900')
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Apply' })).toBeDisabled()
  await field('Sample rate (Hz)').fill('44100')
  await page.getByRole('dialog').getByText('Stereo').click()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(facts(page)).toContainText(/0:04\.0\s+·\s+44\.1 kHz\s+·\s+stereo/)
  await expect(lane(page, 'original').locator('[data-drawn=true]')).toBeVisible()
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+z')
  await expect(facts(page)).toContainText(/16 kHz\s+·\s+mono/)
})

test('a model works on the selection, and its result is inserted into the recording', async ({ app, page }) => {
  await addRecording(app, page, 'stretch.wav', 5)
  const source = samplesOf(noisyWav(5))
  await needModel(page)
  await setNumber(page, 'Iterations', 3)
  await expect(enhanceButton(page)).toBeVisible()
  await page.locator('#document').focus()
  await selectSeconds(page, 2, 3)
  await expect(
    page.getByRole('group', { name: 'What is worked on' }).getByRole('radio', { name: 'Selection' }),
  ).toBeChecked()
  await page.getByRole('button', { name: 'Enhance selection' }).click()
  await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 45_000 })
  await expect(heard(page)).toHaveAttribute('data-heard', 'result')
  const result = page.getByRole('region', { name: 'This result' })
  await expect(result).toContainText('0:02.0 – 0:03.0')
  await result.getByRole('button', { name: 'Insert into the recording' }).click()
  await expect(spoken(page)).toHaveText(/Insert result/)
  await expect(heard(page)).toHaveAttribute('data-heard', 'original')
  await page.keyboard.press('Control+e')
  const dialog = page.getByRole('dialog', { name: 'Export' })
  await dialog.getByText('Original', { exact: true }).click()
  await dialog.getByText('WAV, 16 bit').click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Export', exact: true }).click(),
  ])
  const sound = samplesOf(await readFile(await download.path()))
  expect(sound.length).toBe(source.length)
  const reach = 0.01 * rate
  expect(difference(sound.subarray(0, 2 * rate - reach), source.subarray(0, 2 * rate - reach))).toBeLessThan(dithered)
  expect(difference(sound.subarray(3 * rate + reach), source.subarray(3 * rate + reach))).toBeLessThan(dithered)
  const power = (x: Float32Array) => x.subarray(2 * rate, 3 * rate).reduce((sum, value) => sum + value * value, 0)
  expect(power(sound)).toBeLessThan(0.9 * power(source))
  await page.keyboard.press('Control+z')
  await expect(spoken(page)).toHaveText(/Undone: Insert result/)
})

for (const colorScheme of ['light', 'dark'] as const)
  test(`editing is accessible and fits in the ${colorScheme} theme`, async ({ app, page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await addRecording(app, page, `axe-${colorScheme}.wav`, 3)
    const faults = async () => (await axe(page).analyze()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`)
    await selectSeconds(page, 1, 2)
    for (const [width, height] of [
      [1440, 900],
      [1024, 700],
      [700, 600],
    ] as const) {
      await page.setViewportSize({ width, height })
      if (width !== 1024) expect(await faults()).toEqual([])
      const bar = (await toolbar(page).boundingBox())!
      const place = (await page.locator('.lanes').boundingBox())!
      expect(bar.x).toBeGreaterThanOrEqual(place.x)
      expect(bar.x + bar.width).toBeLessThanOrEqual(place.x + place.width)
      if (process.env.NAGARE_SHOTS)
        await page.screenshot({ path: `${process.env.NAGARE_SHOTS}/edit-${colorScheme}-${width}.png` })
    }
    for (const [keys, name] of [
      ['Shift+G', 'Change the level'],
      ['Shift+N', 'Normalize'],
      ['Shift+H', 'Sample rate and channels'],
      ['Control+e', 'Export'],
    ] as const) {
      await page.keyboard.press(keys)
      await expect(page.getByRole('dialog', { name })).toBeVisible()
      expect(await faults()).toEqual([])
      if (process.env.NAGARE_SHOTS)
        await page.screenshot({
          path: `${process.env.NAGARE_SHOTS}/edit-${colorScheme}-${name.replaceAll(' ', '-')}.png`,
        })
      await page.keyboard.press('Escape')
      // Keys are the dialog's until it is gone, which is a moment after it is hidden.
      await expect(page.locator('dialog')).toHaveCount(0)
    }
  })
