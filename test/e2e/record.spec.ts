import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { axe } from './axe'
import { expect, startBrowserHost, test, type App } from './fixtures'
import { tinyVoices } from './tiny-voices'
import { addFiles, lane, library, playerTime } from './window'

// Chromium's made-up microphone: silence with a beep each half second.

/** A microphone is opened, and a recording saved, in real time or later: on a busy machine much later. */
const slowly = { timeout: 30_000 }
test.describe.configure({ timeout: 150_000 })

let pack: Buffer
test.beforeAll(async () => {
  pack = await tinyVoices()
})

const bar = (page: Page) => page.getByRole('region', { name: 'Recorder' })
const recorded = async (page: Page) => {
  const text = (await page.getByTestId('recorded').textContent())!
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}
const recordFor = async (page: Page, seconds: number) => {
  await expect(bar(page)).toHaveAttribute('data-phase', 'recording', slowly)
  await expect.poll(() => recorded(page), slowly).toBeGreaterThanOrEqual(seconds)
}
const startByKey = async (page: Page) => {
  await expect(page.getByRole('button', { name: 'Record', exact: true }).first()).toBeEnabled()
  await page.keyboard.press('r')
}
const open = (project: string) => readdir(join(project, 'recordings'))

interface Record {
  id: string
  name: string
  audio: { frames: number; sampleRate: number; peak: number }
  recorded?: { startedAt: string; recoveredAt: string | null; device: string }
}
const assets = async (project: string): Promise<Record[]> => {
  const ids = await readdir(join(project, 'assets'))
  const texts = await Promise.all(ids.map((id) => readFile(join(project, 'assets', id, 'asset.json'), 'utf8')))
  return texts.map((text) => JSON.parse(text) as Record)
}
const secondsOf = ({ audio }: Record) => audio.frames / audio.sampleRate
/** What was recorded since `before`. */
const madeSince = async (project: string, before: Record[]) =>
  (await assets(project)).filter(({ id }) => !before.some((old) => old.id === id))

/** Adds the tiny voices where they are not there yet. */
async function needVoices(app: App, page: Page) {
  if ((await readdir(join(app.home, 'packs')).catch((): string[] => [])).includes('voices.nagare')) return
  await addFiles(app, page, { 'voices.nagare': pack })
  await expect(page.getByRole('status').filter({ hasText: 'Model Tiny voices added' })).toBeVisible()
}

async function faults(page: Page) {
  const { violations } = await axe(page).analyze()
  return violations
    .filter(({ impact }) => impact !== 'minor')
    .map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(' | ')}`)
}

test('a recording by key is shown when it is over, and plays', async ({ app, page }) => {
  await startByKey(page)
  // Held down, it does not stop it again.
  await page.keyboard.down('r')
  await page.keyboard.down('r')
  await page.keyboard.up('r')
  await recordFor(page, 1.5)
  await expect(bar(page).getByRole('button', { name: 'Clip' })).toBeVisible()
  await expect(bar(page).getByRole('checkbox', { name: 'Monitor' })).not.toBeChecked()
  await page.keyboard.press('r')
  await expect(page.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue(
    /^Recording \d{4}-\d\d-\d\d/,
    slowly,
  )
  await expect(lane(page, 'original').locator('[data-drawn=true]')).toBeVisible()
  await expect(bar(page)).toBeHidden(slowly)
  const [made] = await assets(app.project)
  expect(made!.recorded!.recoveredAt).toBeNull()
  expect(secondsOf(made!)).toBeGreaterThan(1.4)
  expect(made!.audio.peak).toBeGreaterThan(0.1)
  expect(await open(app.project)).toEqual([])
  await page.keyboard.press('Space')
  await expect.poll(() => playerTime(page)).toBeGreaterThan(0.3)
  await page.keyboard.press('Space')
})

test('the focus goes from the button to the bar, and then to the recording', async ({ page }) => {
  const button = page.getByRole('button', { name: 'Record', exact: true }).first()
  await expect(button).toBeEnabled()
  await button.focus()
  await page.keyboard.press('Enter')
  await recordFor(page, 0.3)
  await expect(bar(page).getByRole('button', { name: 'Stop recording' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(bar(page)).toBeHidden(slowly)
  await expect(page.getByRole('main')).toBeFocused()
})

test('pausing leaves out what is heard meanwhile', async ({ app, page }) => {
  const before = await assets(app.project)
  await page.getByRole('button', { name: 'Microphone', exact: true }).click()
  await expect(bar(page)).toHaveAttribute('data-phase', 'ready', slowly)
  await expect(bar(page).getByRole('meter', { name: 'Input level' })).toBeVisible()
  await bar(page).getByRole('combobox', { name: 'Channels' }).selectOption('Stereo')
  await expect(bar(page).getByRole('meter')).toHaveCount(2)
  await bar(page).getByRole('button', { name: 'Record', exact: true }).click()
  await recordFor(page, 0.5)
  await bar(page).getByRole('button', { name: 'Pause recording' }).click()
  await expect(bar(page)).toHaveAttribute('data-phase', 'paused')
  const shown = await recorded(page)
  await page.waitForTimeout(2500)
  expect(await recorded(page)).toBe(shown)
  await page.keyboard.press('Shift+R')
  await recordFor(page, shown + 0.5)
  await bar(page).getByRole('button', { name: 'Stop recording' }).click()
  await expect(bar(page)).toBeHidden(slowly)
  const made = await madeSince(app.project, before)
  expect(made).toHaveLength(1)
  expect(secondsOf(made[0]!)).toBeGreaterThan(shown + 0.4)
  // The pause alone would be more than half of this, and what a busy machine records after it the rest.
  expect(secondsOf(made[0]!)).toBeLessThan(shown + 4)
  await page.reload()
  await page.getByRole('button', { name: 'Microphone', exact: true }).click()
  await expect(bar(page).getByRole('combobox', { name: 'Channels' })).toHaveValue('2')
  await bar(page).getByRole('combobox', { name: 'Channels' }).selectOption('Mono')
  await expect(bar(page).getByRole('meter')).toHaveCount(1)
})

test('a recording goes on while the engine is killed and comes back, and loses nothing', async ({ app, page }) => {
  const before = await assets(app.project)
  await startByKey(page)
  await recordFor(page, 0.6)
  await app.killEngine()
  await recordFor(page, 2)
  const shown = await recorded(page)
  await page.keyboard.press('r')
  await expect(bar(page)).toBeHidden(slowly)
  expect(await open(app.project)).toEqual([])
  const made = await madeSince(app.project, before)
  expect(made).toMatchObject([{ recorded: { recoveredAt: null } }])
  expect(secondsOf(made[0]!)).toBeGreaterThanOrEqual(shown - 0.05)
})

test('a recording whose window is gone is completed by itself, and the next window says so', async ({
  app,
  page,
  context,
  host,
}) => {
  test.skip(host === 'electron', 'its one window is loaded anew by the other tests')
  await startByKey(page)
  await recordFor(page, 1.2)
  const shown = await recorded(page)
  const session = await context.newCDPSession(page)
  const crashed = page.waitForEvent('crash')
  // A page that has crashed does not answer.
  void session.send('Page.crash').catch(() => undefined)
  await crashed
  const next = await app.open(() => context.newPage())
  const notice = next.getByRole('status').filter({ hasText: 'was rescued' })
  await expect(notice).toBeVisible({ timeout: 25_000 })
  const rescued = (await assets(app.project)).filter(({ recorded }) => recorded?.recoveredAt)
  expect(rescued).toHaveLength(1)
  expect(secondsOf(rescued[0]!)).toBeGreaterThan(shown - 1)
  await notice.getByRole('button', { name: 'Show' }).click()
  await expect(next.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue(rescued[0]!.name)
  await next.reload()
  await expect(library(next).getByRole('button', { name: rescued[0]!.name }).first()).toBeVisible()
  await expect(next.getByText('was rescued')).toHaveCount(0)
})

test('a recording is found again after the whole of Nagare was killed', async ({ host, context }) => {
  test.skip(host === 'electron', 'kills the Node host')
  const home = await mkdtemp(join(tmpdir(), 'nagare-e2e-killed-'))
  const app = await startBrowserHost(home)
  let shown: number
  try {
    const page = await app.open(() => context.newPage())
    await startByKey(page)
    await recordFor(page, 1.2)
    shown = await recorded(page)
    await app.kill()
    await page.close()
  } finally {
    await app.close()
  }
  const again = await startBrowserHost(home)
  try {
    const next = await again.open(() => context.newPage())
    await expect(next.getByRole('status').filter({ hasText: 'was rescued' })).toBeVisible({ timeout: 25_000 })
    const [made] = await assets(again.project)
    expect(secondsOf(made!)).toBeGreaterThan(shown - 1)
    expect(await open(again.project)).toEqual([])
  } finally {
    await again.close()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
})

test('what stands in the way of the microphone is said', async ({ page }) => {
  const refuse = (name: string) =>
    page.evaluate((name) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name))
    }, name)
  const alert = bar(page).getByRole('alert')
  await refuse('NotAllowedError')
  await startByKey(page)
  await expect(alert).toContainText('not allowed to use the microphone')
  await refuse('NotFoundError')
  await alert.getByRole('button', { name: 'Try again' }).click()
  await expect(alert).toContainText('There is no microphone')
  expect(await faults(page)).toEqual([])
})

test('a microphone that is pulled out ends the recording and keeps it', async ({ app, page }) => {
  const before = (await assets(app.project)).length
  await page.evaluate(() => {
    const own = window as unknown as { track?: MediaStreamTrack }
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await open(wanted)
      own.track = stream.getAudioTracks()[0]!
      return stream
    }
  })
  await startByKey(page)
  await recordFor(page, 0.6)
  await page.evaluate(() => (window as unknown as { track: MediaStreamTrack }).track.dispatchEvent(new Event('ended')))
  await expect(page.getByRole('alert').filter({ hasText: 'The recording was stopped' })).toContainText(
    'unplugged',
    slowly,
  )
  await expect.poll(async () => (await assets(app.project)).length).toBe(before + 1)
})

test('a full disk ends the recording, which is kept', async ({ app, page }) => {
  const before = (await assets(app.project)).length
  await startByKey(page)
  await recordFor(page, 0.6)
  await page.route('**/recordings/*', (route) =>
    route.fulfill({
      status: 507,
      json: { error: { code: 'disk-full', message: 'The disk is full: 0 MB may still be written.' } },
    }),
  )
  const alert = page.getByRole('alert').filter({ hasText: 'The recording was stopped' })
  await expect(alert).toContainText('The disk is full', slowly)
  await expect(alert).toContainText('What was recorded up to then is in the library')
  expect(await assets(app.project)).toHaveLength(before + 1)
})

test('holding the button lets one hear another voice, and says how late', async ({ app, page }) => {
  await needVoices(app, page)
  await page.getByRole('button', { name: 'Microphone', exact: true }).click()
  const talk = bar(page).getByRole('group', { name: 'Live voice' })
  await talk.getByRole('combobox', { name: 'Voice model' }).selectOption('Tiny voices')
  const figures = talk.getByTestId('live-figures')
  await talk.getByRole('combobox', { name: 'Hear yourself as' }).selectOption('Cy')
  await page.keyboard.down('h')
  await expect(talk).toHaveAttribute('data-talk', 'speaking', slowly)
  const late = async () => Number(/(\d[\d,]*) ms late/.exec((await figures.textContent())!)?.[1]?.replace(',', ''))
  // The tiny model's frame alone is 16 ms.
  await expect.poll(late, slowly).toBeGreaterThan(16)
  test.info().annotations.push({ type: 'latency', description: (await figures.textContent())! })
  await page.keyboard.up('h')
  await expect(talk).toHaveAttribute('data-talk', 'idle', slowly)

  const button = talk.getByRole('button', { name: /Hold to speak/ })
  await button.hover()
  await page.mouse.down()
  await expect(talk).toHaveAttribute('data-talk', 'speaking', slowly)
  await page.mouse.up()
  await expect(talk).toHaveAttribute('data-talk', 'idle', slowly)

  await page.reload()
  await page.getByRole('button', { name: 'Microphone', exact: true }).click()
  await expect(talk.getByRole('combobox', { name: 'Voice model' }).locator(':checked')).toHaveText(
    'Tiny voices',
    slowly,
  )
  await expect(talk.getByRole('combobox', { name: 'Hear yourself as' })).toHaveValue('Cy')
})

test('live conversion that is slower than real time says so, and plays when it is done', async ({ app, page }) => {
  await needVoices(app, page)
  await page.route('**/live/*', async (route) => {
    const response = await route.fetch()
    const headers = { ...response.headers(), 'compute-seconds': '0.5' }
    await route.fulfill({ response, headers })
  })
  await page.getByRole('button', { name: 'Microphone', exact: true }).click()
  const talk = bar(page).getByRole('group', { name: 'Live voice' })
  await talk.getByRole('combobox', { name: 'Voice model' }).selectOption('Tiny voices')
  await page.keyboard.down('h')
  await expect(talk.getByTestId('live-figures')).toContainText('Too slow here', slowly)
  await page.keyboard.up('h')
  await expect(talk).toHaveAttribute('data-talk', 'idle', slowly)
  await expect(page.getByText('Playing what you said')).toBeAttached()
})

for (const colorScheme of ['light', 'dark'] as const)
  test(`no fault in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme)
    const shots = process.env['SHOTS']
    for (const [width, height] of [
      [1440, 900],
      [800, 600],
    ] as const) {
      await page.setViewportSize({ width, height })
      await page.getByRole('button', { name: 'Microphone', exact: true }).click()
      await expect(bar(page)).toHaveAttribute('data-phase', 'ready', slowly)
      await page.waitForTimeout(700)
      if (shots) await page.screenshot({ path: join(shots, `ready-${colorScheme}-${width}.png`) })
      expect(await faults(page)).toEqual([])
      await page.keyboard.press('r')
      await recordFor(page, 1)
      if (shots) await page.screenshot({ path: join(shots, `recording-${colorScheme}-${width}.png`) })
      expect(await faults(page)).toEqual([])
      await page.keyboard.press('r')
      await expect(bar(page)).toBeHidden(slowly)
    }
  })
