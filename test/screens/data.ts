import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import decode from 'audio-decode'
import sharp from 'sharp'
import type { Page } from '@playwright/test'
import { expect, type App } from '../e2e/fixtures'
import { addFiles, lane, library } from '../e2e/window'

const root = resolve(import.meta.dirname, '../..')
const samples = join(root, 'resources', 'samples')

export const talkName = 'Two voices and a tap.flac'
export const longName = 'Breakfast, from start to end.wav'
export const readingName = 'A reading.flac'

/** The sample recording: two voices beside a tap, 13 s. */
export const talk = () => readFile(join(samples, 'two-voices-and-a-tap.flac'))
/** A sentence of LJ Speech, which is clean. */
export const reading = () => readFile(join(root, 'test', 'golden', 'vae-nmf', 'ljspeech-LJ001-0001.flac'))
/** The sample picture: bricks with a scratch. */
export const bricks = () => readFile(join(samples, 'scratched-bricks.png'))

/** The sample recording ten times over: long enough to be seen while it is worked on. 16 kHz, mono, 16 bit. */
export async function longTalk(): Promise<Buffer> {
  const { channelData, sampleRate } = await decode(await talk())
  const once = Int16Array.from(channelData[0]!, (value) => Math.round(32767 * Math.max(-1, Math.min(1, value))))
  const sound = Buffer.concat(Array.from({ length: 10 }, () => Buffer.from(once.buffer)))
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + sound.length, 4)
  head.write('WAVEfmt ', 8)
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ] as const)
    head.writeUInt16LE(value, at)
  for (const [at, value] of [
    [16, 16],
    [24, sampleRate],
    [28, 2 * sampleRate],
    [40, sound.length],
  ] as const)
    head.writeUInt32LE(value, at)
  head.write('data', 36)
  return Buffer.concat([head, sound])
}

const inLibrary = (page: Page, name: string) =>
  library(page).getByRole('button', { name: new RegExp(`^${name.replaceAll('.', '\\.')}`) })

/** Shows a recording of the library. */
export async function showSound(page: Page, name: string) {
  await inLibrary(page, name).first().click()
  await expect(page.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue(name)
  await expect(lane(page, 'original').locator('[data-drawn=true]')).toBeVisible()
}

/** Shows a recording, which is added where it is not there yet. */
export async function addSound(app: App, page: Page, name: string, bytes: Buffer) {
  // The library is there once its project is read.
  await expect(
    library(page).getByText('What you add stays here.').or(library(page).locator('.item').first()),
  ).toBeVisible()
  if ((await inLibrary(page, name).count()) === 0) {
    await addFiles(app, page, { [name]: bytes })
    await expect(inLibrary(page, name)).toHaveCount(1)
  }
  await showSound(page, name)
  await dismissAll(page)
}

export const addTalk = async (app: App, page: Page) => addSound(app, page, talkName, await talk())

/** Closes every notice. */
export async function dismissAll(page: Page) {
  const dismiss = page.getByRole('button', { name: 'Dismiss' })
  await expect(async () => {
    for (const each of await dismiss.all()) await each.click({ timeout: 1000 }).catch(() => {})
    expect(await dismiss.count()).toBe(0)
  }).toPass()
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
}

/** Chooses one of the panel's tasks. */
export const chooseTask = (page: Page, name: string) =>
  page.getByRole('group', { name: 'What to do' }).getByText(name, { exact: true }).click()

async function nagare(words: string[]) {
  const child = spawn(process.execPath, [join(root, 'out/main/cli.js'), ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`nagare ${words[0]} failed:\n${said}`)
}

export interface Wall {
  /** Pictures by their names: good ones, and odd ones with painted defects. */
  pictures: Record<string, Buffer>
  /** Masks of the odd ones, by the same names. */
  masks: Record<string, Buffer>
  /** A model of principal components that learned such good ones. */
  pack: Buffer
}

/** Pieces of the wall of which the sample shows a part, some with painted defects, and a model that learned from sound ones. */
export async function wall(): Promise<Wall> {
  const folder = await mkdtemp(join(tmpdir(), 'nagare-screens-'))
  try {
    // The part above the scratch, mirrored to a larger wall.
    const piece = await sharp(await bricks())
      .extract({ left: 0, top: 0, width: 200, height: 96 })
      .toBuffer()
    const flipped = await sharp(piece).flip().toBuffer()
    const wall = sharp({ create: { width: 200, height: 960, channels: 3, background: 'black' } }).composite(
      Array.from({ length: 10 }, (_, i) => ({ input: i % 2 ? flipped : piece, left: 0, top: 96 * i })),
    )
    await mkdir(join(folder, 'in'))
    await wall
      .greyscale()
      .png()
      .toFile(join(folder, 'in', 'wall.png'))
    const set = join(folder, 'set')
    const counts = ['--train', '60', '--normals', '18', '--defects', '12']
    await nagare(['surfaces', join(folder, 'in', 'wall.png'), '-o', set, '--size', '128', ...counts, '--seed', '4'])
    const out = join(folder, 'wall.nagare')
    await nagare(['train', 'pca', '--data', set, '-o', out, '--device', 'cpu', '--seed', '1'])
    const pictures: Record<string, Buffer> = {}
    const masks: Record<string, Buffer> = {}
    for (const kind of await readdir(join(set, 'test')))
      for (const name of await readdir(join(set, 'test', kind))) {
        const title = `${kind.replace('synthetic-', '')} ${name}`
        pictures[title] = await readFile(join(set, 'test', kind, name))
        if (kind === 'good') continue
        masks[title] = await readFile(join(set, 'ground_truth', kind, name.replace('.png', '_mask.png')))
      }
    return { pictures, masks, pack: await readFile(out) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
