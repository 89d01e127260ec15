import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from '@playwright/test'
import { bundle } from '../helpers/bundle'
import { axe } from './axe'
import { expect, test } from './fixtures'
import { addFiles, addRecording, heard, lane, library, noisyWav, playerTime, queue } from './window'

type Helper = typeof import('../helpers/waveglow-pack')
type Dsp = typeof import('../../src-main/dsp/mel')

let pack: Buffer
let helper: Helper
let dsp: Dsp
const frontEnd = { sampleRate: 22_050, fft: 1024, hop: 256, mels: 80, fmin: 0, fmax: 8000, floor: 1e-5 }

test.beforeAll(async () => {
  const built = await bundle({ pack: 'test/helpers/waveglow-pack.ts', mel: 'src-main/dsp/mel.ts' })
  const load = (name: string) => import(pathToFileURL(join(built.folder, `${name}.mjs`)).href)
  const folder = await mkdtemp(join(tmpdir(), 'nagare-e2e-pack-'))
  try {
    helper = (await load('pack')) as Helper
    dsp = (await load('mel')) as Dsp
    pack = await readFile(await helper.writeTinyWaveGlow(join(folder, 'tiny.nagare'), { frontEnd }))
  } finally {
    await rm(folder, { recursive: true, force: true })
    await built.remove()
  }
})

/** The `.npy` log-mel of a recording like those of the other tests, [mels, frames]. */
function melFile(seconds: number): Buffer {
  const wav = noisyWav(seconds)
  const samples = Float32Array.from({ length: (wav.length - 44) / 2 }, (_, i) => wav.readInt16LE(44 + 2 * i) / 32768)
  const mel = dsp.melSpectrogram(samples, { ...frontEnd, sampleRate: 22_050 })
  const frames = mel.length / 80
  const turned = Float32Array.from(mel, (_, i) => mel[(i % frames) * 80 + Math.floor(i / frames)]!)
  return helper.npyBytes([80, frames], turned)
}

const tasks = (page: Page) => page.getByRole('group', { name: 'What to do' })
const vocodeButton = (page: Page) => page.getByRole('button', { name: 'Vocode', exact: true })

/** Chooses the task and the tiny model, which is added where it is not there yet. */
async function chooseVocode(page: Page, add: (files: Record<string, Buffer>) => Promise<void>) {
  const choice = page.getByRole('combobox', { name: 'Model' })
  const option = choice.getByRole('option', { name: 'Tiny vocoder' })
  if ((await option.count()) === 0) await add({ 'tiny.nagare': pack })
  await choice.selectOption('Tiny vocoder')
}

/** How many colours a picture shows. */
const colours = (page: Page, name: string | RegExp) =>
  page
    .getByRole('img', { name })
    .locator('canvas')
    .evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
      const seen = new Set<number>()
      for (let i = 0; i < data.length; i += 4 * 97) seen.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!)
      return seen.size
    })

async function faults(page: Page) {
  const { violations } = await axe(page).analyze()
  return violations
    .filter(({ impact }) => impact !== 'minor')
    .map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(' | ')}`)
}

test('a recording is vocoded, compared, looked at as mel and exported, by keys alone', async ({ app, page }) => {
  await addRecording(app, page, 'talk.wav', 2)
  await test.step('the task is chosen by key, and its settings and models are its own', async () => {
    await expect(tasks(page).getByRole('radio', { name: 'Enhance' })).toBeChecked()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await expect(tasks(page).getByRole('radio', { name: 'Vocode' })).toBeChecked()
    await expect(page.getByRole('spinbutton', { name: 'Variation (σ)' })).toHaveValue('0.60')
    await expect(page.getByRole('spinbutton', { name: 'Denoiser' })).toHaveValue('0.01')
    await expect(page.getByRole('spinbutton', { name: 'Iterations' })).toHaveCount(0)
    await addFiles(app, page, { 'tiny.nagare': pack })
    await chooseVocode(page, (files) => addFiles(app, page, files))
    await tasks(page).getByRole('radio', { name: 'Vocode' }).focus()
    await page.keyboard.press('ArrowRight')
    await expect(page.getByRole('spinbutton', { name: 'Iterations' })).toBeVisible()
    await page.keyboard.press('ArrowLeft')
    await expect(page.getByRole('combobox', { name: 'Model' })).toHaveValue('tiny')
  })

  const sigma = page.getByRole('spinbutton', { name: 'Variation (σ)' })
  await sigma.fill('0.5')
  await sigma.blur()
  await page.keyboard.press('v')
  await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 45_000 })
  await expect(heard(page)).toHaveAttribute('data-heard', 'result')
  await expect(heard(page).getByRole('button', { name: 'Vocoded' })).toHaveAttribute('aria-pressed', 'true')
  await expect(heard(page).getByRole('button', { name: 'Noise' })).toHaveCount(0)
  const details = page.getByRole('region', { name: 'This result' })
  await expect(details).toContainText(/Variation \(σ\)\s*0\.5/)
  await expect(details).toContainText('Tiny vocoder')

  await test.step('a click on a task leaves Space to the player', async () => {
    await tasks(page).getByText('Enhance').click()
    await expect(page.getByRole('spinbutton', { name: 'Iterations' })).toBeVisible()
    await page.keyboard.press('Space')
    await expect(page.getByRole('button', { name: 'Pause', exact: true })).toBeVisible()
    await page.keyboard.press('Space')
    await tasks(page).getByText('Vocode').click()
    await expect(tasks(page).getByRole('radio', { name: 'Vocode' })).not.toBeFocused()
  })

  await test.step('A and B on one clock', async () => {
    await page.keyboard.press('Home')
    await page.keyboard.press('Space')
    await expect.poll(() => playerTime(page)).toBeGreaterThan(0.1)
    await page.keyboard.press('b')
    await expect(heard(page)).toHaveAttribute('data-heard', 'original')
    await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible({ timeout: 10_000 })
    expect(await playerTime(page)).toBeCloseTo(2, 1)
  })

  await test.step('the mel of what is heard', async () => {
    await page.keyboard.press('g')
    await expect(page.getByRole('img', { name: 'Mel spectrogram of Original, 80 bands, 0 to 8 kHz' })).toBeVisible()
    await expect.poll(() => colours(page, /^Mel spectrogram of Original/)).toBeGreaterThan(40)
    await page.keyboard.press('b')
    await expect.poll(() => colours(page, /^Mel spectrogram of Vocoded/)).toBeGreaterThan(40)
    expect(await faults(page)).toEqual([])
    await page.keyboard.press('s')
    await expect(page.getByRole('img', { name: /^Spectrogram of Vocoded/ })).toBeVisible()
    await expect(page.getByRole('img', { name: /^Mel spectrogram/ })).toHaveCount(0)
    await page.keyboard.press('s')
  })

  await test.step('export', async () => {
    await page.keyboard.press('Control+e')
    const dialog = page.getByRole('dialog', { name: 'Export' })
    await expect(dialog.getByRole('radio', { name: /^Vocoded/ })).toBeChecked()
    await dialog.getByRole('radio', { name: /WAV, 24 bit/ }).check()
    const download = page.waitForEvent('download')
    await dialog.getByRole('button', { name: 'Export', exact: true }).click()
    const file = await download
    expect(file.suggestedFilename()).toBe('talk (vocoded).wav')
    const bytes = await readFile(await file.path())
    // The recording's own rate, one channel, its length.
    expect(bytes.readUInt32LE(bytes.indexOf('fmt ') + 12)).toBe(16_000)
    expect(bytes.readUInt32LE(bytes.indexOf('data') + 4)).toBe(2 * 16_000 * 3)
  })

  await test.step('the settings stay, a result can be removed and brought back', async () => {
    await page.reload()
    await expect(tasks(page).getByRole('radio', { name: 'Vocode' })).toBeChecked()
    await expect(page.getByRole('spinbutton', { name: 'Variation (σ)' })).toHaveValue('0.50')
    await library(page).getByRole('button', { name: 'Remove talk (vocoded).wav' }).click()
    await expect(lane(page, 'result')).toHaveCount(0)
    await page.keyboard.press('Control+z')
    await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible()
  })
})

test('a mel spectrogram is added, seen, vocoded and heard', async ({ app, page }) => {
  await addFiles(app, page, { 'voice.npy': melFile(2.4) })
  await expect(page.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue('voice.npy')
  await expect(page.getByText(/Mel spectrogram, 80 bands × 151 frames/)).toBeVisible()
  await expect.poll(() => colours(page, /^Mel spectrogram of voice\.npy, 80 bands/)).toBeGreaterThan(40)
  await expect(tasks(page)).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeDisabled()
  await chooseVocode(page, (files) => addFiles(app, page, files))
  expect(await faults(page)).toEqual([])

  await vocodeButton(page).click()
  await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 45_000 })
  await expect(heard(page)).toHaveAttribute('data-heard', 'result')
  await expect(heard(page).getByRole('button')).toHaveCount(1)
  await page.keyboard.press('Home')
  await page.keyboard.press('Space')
  await expect.poll(() => playerTime(page)).toBeGreaterThan(0.2)
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible({ timeout: 10_000 })
  expect(await playerTime(page)).toBeGreaterThan((151 * 256) / 22_050 - 0.1)
  await page.keyboard.press('+')
  await page.keyboard.press('+')
  await expect.poll(() => colours(page, /^Mel spectrogram of voice\.npy/)).toBeGreaterThan(40)
  await page.keyboard.press('0')

  await page.getByRole('tab', { name: /^Queue/ }).click()
  await expect(queue(page).filter({ hasText: 'voice.npy' })).toHaveAttribute('data-state', 'done')
  await page.getByRole('tab', { name: 'Task' }).click()
  await page.setViewportSize({ width: 800, height: 600 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(800)
  expect(await faults(page)).toEqual([])

  await page.setViewportSize({ width: 1280, height: 800 })
  await library(page)
    .getByRole('button', { name: /^voice\.npy/ })
    .click()
  await page.keyboard.press('Delete')
  await expect(library(page).getByRole('button', { name: /^voice\.npy/ })).toHaveCount(0)
  await page.keyboard.press('Control+z')
  await expect(library(page).getByRole('button', { name: /^voice\.npy/ })).toBeVisible()
})

test('what is no mel spectrogram is refused by name', async ({ app, page }) => {
  await addFiles(app, page, {
    'text.npy': Buffer.from('Dear diary'),
    'decibels.npy': helper.npyBytes([10, 80], new Float32Array(800).fill(-60)),
  })
  for (const [name, why] of [
    ['text.npy', /no whole \.npy array/],
    ['decibels.npy', /natural log-mel/],
  ] as const) {
    const alert = page.getByRole('alert').filter({ hasText: `${name} was not added` })
    await expect(alert).toBeVisible()
    await expect(alert).toContainText(why)
  }
  await expect(library(page).getByRole('button', { name: /^(text|decibels)\.npy/ })).toHaveCount(0)
})

test('a mel of other bands than the model has fails with the reason', async ({ app, page }) => {
  await addFiles(app, page, { 'narrow.npy': helper.npyBytes([40, 20], new Float32Array(800).fill(-3)) })
  await expect(page.getByText(/Mel spectrogram, 20 bands × 40 frames/)).toBeVisible()
  await chooseVocode(page, (files) => addFiles(app, page, files))
  await vocodeButton(page).click()
  await expect(page.getByRole('alert').filter({ hasText: 'Vocode failed' })).toContainText('[frames, 80]')
})
