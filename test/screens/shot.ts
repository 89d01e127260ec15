import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import sharp from 'sharp'
import type { Page } from '@playwright/test'
import { expect, test as base, type App } from '../e2e/fixtures'
import { fileOf, sizes, themes, type Screen } from './screens'

export const folder = resolve(import.meta.dirname, '../../docs/screens')
export const mostBytes = 58_000

/** As WebP in at most `mostBytes`, as fine as that allows. */
async function compact(png: Buffer): Promise<Buffer> {
  for (const quality of [24, 16, 10]) {
    const bytes = await sharp(png).webp({ quality, effort: 4 }).toBuffer()
    if (bytes.length <= mostBytes) return bytes
  }
  throw new Error(`A screen takes more than ${mostBytes} bytes at the lowest quality`)
}

/** The window once it has come to rest: as it was a moment before. What moves by itself is taken as it is after a few looks. */
async function still(page: Page, looks: number): Promise<Buffer> {
  let before: Buffer = Buffer.alloc(0)
  for (let i = 0; ; i++) {
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 120))))
    const now = await page.screenshot({ animations: 'disabled', caret: 'hide' })
    if (now.equals(before) || i >= looks) return now
    before = now
  }
}

export interface ShotOptions {
  /** Also in Japanese. */
  japanese?: boolean
  /** It moves by itself, as a running job does. */
  moves?: boolean
  /** Waits until the screen is drawn again after a change of size or theme. */
  settled?: (page: Page) => Promise<void>
}

/** Whether a font here has Japanese letters: without one every letter is the same box. */
const hasJapanese = (page: Page) =>
  page.evaluate(() => {
    const drawn = [...'録音'].map((letter) => {
      const context = Object.assign(document.createElement('canvas'), { width: 32, height: 32 }).getContext('2d')!
      context.font = '24px sans-serif'
      context.fillText(letter, 0, 26)
      return context.getImageData(0, 0, 32, 32).data.join()
    })
    return drawn[0] !== drawn[1]
  })

/** Changes the language of all windows from another one, so that this one stays as it is. */
async function speak(app: App, page: Page, language: 'en' | 'ja') {
  const other = await app.open(() => page.context().newPage())
  await expect(other.getByRole('button', { name: /Open a file|ファイルを開く/ }).first()).toBeVisible()
  await other.keyboard.press('Control+,')
  await other.locator('dialog[open] select').first().selectOption(language)
  await expect(page.locator('html')).toHaveAttribute('lang', language)
  await other.close()
  await page.bringToFront()
}

/** Takes pictures of a screen at both sizes, in both themes. */
export async function shoot(app: App, page: Page, screen: Screen, options: ShotOptions = {}) {
  const writing: Promise<void>[] = []
  const take = async (width: number, look: 'light' | 'dark' | 'japanese') => {
    await options.settled?.(page)
    const png = await still(page, options.moves ? 1 : 15)
    writing.push(compact(png).then((bytes) => writeFile(join(folder, fileOf(screen, width, look)), bytes)))
  }
  await mkdir(folder, { recursive: true })
  await page.mouse.move(0, 0)
  for (const size of sizes) {
    await page.setViewportSize(size)
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme })
      await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme)
      await take(size.width, colorScheme)
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width)
  }
  await page.setViewportSize(sizes[0])
  if (options.japanese && (await hasJapanese(page))) {
    await speak(app, page, 'ja')
    await take(sizes[0].width, 'japanese')
    await speak(app, page, 'en')
  }
  await Promise.all(writing)
}

export const test = base.extend({
  page: async ({ page }, use) => {
    await page.setViewportSize(sizes[0])
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
    await expect(page.getByRole('button', { name: 'Open a file' }).first()).toBeVisible()
    await use(page)
  },
})
