import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import sharp from 'sharp'
import type { Page } from '@playwright/test'
import { expect, type App } from './fixtures'
import { addFiles } from './window'

const root = resolve(import.meta.dirname, '../..')

export interface Sample {
  seed?: number
  width?: number
  height?: number
  /** Where dark stains are, in shares of the width and height. */
  stains?: readonly { x: number; y: number; radius: number }[]
}

/** A colour PNG of something woven, a little different with each seed; the same each time. */
export function woven({ seed = 1, width = 320, height = 240, stains = [] }: Sample = {}): Promise<Buffer> {
  let state = Math.imul(seed, 2_654_435_761) >>> 0
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const light = 0.55 + 0.1 * draw()
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [u, v] = [x / width, y / height]
      const thread = 0.1 * Math.sin(2 * Math.PI * 8 * u) * Math.sin(2 * Math.PI * 6 * v)
      let value = light + thread + 0.12 * (v - 0.5) + 0.03 * (draw() - 0.5)
      for (const stain of stains) {
        const distance = Math.hypot(u - stain.x, ((v - stain.y) * height) / width) / stain.radius
        value -= 0.3 * Math.max(0, Math.min(1, 1.6 * (1 - distance)))
      }
      const at = 3 * (y * width + x)
      for (const [c, tint] of [1.05, 1, 0.86].entries())
        data[at + c] = Math.round(255 * Math.min(1, Math.max(0, value * tint)))
    }
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
}

export const stained: Sample = {
  seed: 900,
  stains: [
    { x: 0.3, y: 0.4, radius: 0.06 },
    { x: 0.72, y: 0.66, radius: 0.04 },
  ],
}

/** A model of what is woven, trained by the command line as a person would. */
export async function trainedPack(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'nagare-e2e-train-'))
  try {
    const data = join(folder, 'woven')
    await mkdir(data)
    for (let i = 0; i < 60; i++) await writeFile(join(data, `${i}.png`), await woven({ seed: i + 1 }))
    const out = join(folder, 'woven.nagare')
    const words = ['train', 'pca', '--data', data, '-o', out, '--device', 'cpu', '--seed', '1']
    const child = spawn(process.execPath, [join(root, 'out/main/cli.js'), ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    const [code] = (await once(child, 'close')) as [number]
    if (code !== 0) throw new Error(`nagare train pca failed:\n${said}`)
    return await readFile(out)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export const pictureView = (page: Page) => page.locator('.view[role=img]')
export const layers = (page: Page) => page.getByRole('group', { name: 'What you see' })
export const verdict = (page: Page) => page.getByRole('region', { name: 'Verdict' })
export const regions = (page: Page) => page.getByRole('toolbar', { name: 'Regions, the highest first' })
export const readOut = (page: Page) => page.locator('.read')
export const inspectButton = (page: Page) => page.getByRole('button', { name: 'Inspect', exact: true })

/** Adds a picture and waits until it is drawn. */
export async function addPicture(app: App, page: Page, name: string, bytes: Buffer) {
  await addFiles(app, page, { [name]: bytes })
  await expect(page.getByRole('textbox', { name: 'Name of the picture' })).toHaveValue(name)
  await expect(pictureView(page)).toHaveAttribute('data-drawn', 'true')
}

/** The pixel that is read out, once what was done is drawn. */
export async function pixelRead(page: Page): Promise<number[]> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50))))
  return [await readOut(page).getAttribute('data-x'), await readOut(page).getAttribute('data-y')].map(Number)
}

/** Red, green and blue of the canvas at a point of the view, CSS pixels. */
export const drawnAt = (page: Page, x: number, y: number) =>
  page.evaluate(
    ([x, y]) => {
      const canvas = document.querySelector<HTMLCanvasElement>('.view canvas')!
      const ratio = canvas.width / canvas.clientWidth
      return [
        ...canvas.getContext('2d')!.getImageData(Math.floor(x! * ratio), Math.floor(y! * ratio), 1, 1).data,
      ].slice(0, 3)
    },
    [x, y],
  )

/** Red, green and blue of a PNG's pixel. */
export async function pixelOf(png: Buffer, x: number, y: number): Promise<number[]> {
  const { data } = await sharp(png)
    .toColourspace('srgb')
    .removeAlpha()
    .extract({ left: x, top: y, width: 1, height: 1 })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return [...data]
}
