import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Page } from '@playwright/test'
import { expect, test, type App } from './fixtures'

const rate = 16_000

/** The model that comes with Nagare. */
export const starterPack = resolve(import.meta.dirname, '../../resources/packs/speech-enhancer.nagare')

/** A 16-bit mono WAV at 16 kHz of something like speech (harmonics that come and go) under steady noise; the same each time. */
export function noisyWav(seconds: number): Buffer {
  const frames = Math.round(seconds * rate)
  const bytes = Buffer.alloc(44 + frames * 2)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(36 + frames * 2, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(rate, 24)
  bytes.writeUInt32LE(rate * 2, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(frames * 2, 40)
  let seed = 1
  for (let i = 0; i < frames; i++) {
    const t = i / rate
    const voiced = Math.max(0, Math.sin(2 * Math.PI * 1.7 * t)) ** 2
    let voice = 0
    for (let k = 1; k <= 12; k++) voice += Math.sin(2 * Math.PI * 130 * k * t) / k
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    const value = 0.12 * voiced * voice + 0.08 * (seed / 2 ** 31 - 1)
    bytes.writeInt16LE(Math.round(value * 32767), 44 + i * 2)
  }
  return bytes
}

/** Puts files into the window: by a drop in a browser, by the file picker on the desktop, where files must have a path. */
export async function addFiles(app: App, page: Page, files: Record<string, Buffer>) {
  if (app.kind === 'electron') {
    const folder = await mkdtemp(join(tmpdir(), 'nagare-e2e-files-'))
    const paths = await Promise.all(
      Object.entries(files).map(async ([name, bytes]) => {
        await writeFile(join(folder, name), bytes)
        return join(folder, name)
      }),
    )
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Open a file' }).first().click()
    return (await chooser).setFiles(paths)
  }
  const list = Object.entries(files).map(([name, bytes]) => ({ name, base64: bytes.toString('base64') }))
  const dropped = await page.evaluateHandle((entries) => {
    const data = new DataTransfer()
    for (const { name, base64 } of entries)
      data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name))
    return data
  }, list)
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: dropped })
  await expect(page.getByText('Drop to add')).toBeVisible()
  await page.dispatchEvent('body', 'dragover', { dataTransfer: dropped })
  await page.dispatchEvent('body', 'drop', { dataTransfer: dropped })
  await expect(page.getByText('Drop to add')).toBeHidden()
}

/** Adds a recording and waits until it is drawn. */
export async function addRecording(app: App, page: Page, name: string, seconds: number) {
  await addFiles(app, page, { [name]: noisyWav(seconds) })
  await expect(page.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue(name)
  await expect(lane(page, 'original').locator('[data-drawn=true]')).toBeVisible()
}

/** Skips, visibly, where no model is installed. */
export async function needModel(page: Page) {
  const choice = page.getByRole('combobox', { name: 'Model' })
  const none = page.getByText('No model for this is installed')
  await expect(choice.or(none)).toBeVisible()
  test.skip(await none.isVisible(), 'no vae-nmf model pack in resources/packs')
}

export const lane = (page: Page, role: 'original' | 'result' | 'noise') => page.locator(`.lane[data-role=${role}]`)
export const library = (page: Page) => page.getByRole('navigation', { name: 'Library' })
export const queue = (page: Page) => page.getByRole('tabpanel').locator('li[data-job]')
export const heard = (page: Page) => page.getByRole('group', { name: 'What you hear' })
export const progress = (page: Page) => page.getByRole('region', { name: 'In progress' })
export const enhanceButton = (page: Page) => page.getByRole('button', { name: 'Enhance', exact: true })

/** Sets a number of the enhance panel. */
export async function setNumber(page: Page, title: string, value: number) {
  const box = page.getByRole('spinbutton', { name: title })
  await box.fill(String(value))
  await box.blur()
}

/** Seconds that the player shows. */
export async function playerTime(page: Page): Promise<number> {
  const text = (await page.getByTestId('time').textContent())!
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}
