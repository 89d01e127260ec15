import { readFile } from 'node:fs/promises'
import type { Locator, Page } from '@playwright/test'
import { openWithPreload } from '../helpers/preload-page'
import { expect, test } from './fixtures'
import { addRecording, lane, library, noisyWav } from './window'

/** Drags something with the mouse, and lets go elsewhere in the window; answers what it carried. */
async function dragged(page: Page, what: Locator): Promise<{ types: string[]; download: string }> {
  await page.evaluate(() => {
    const own = window as unknown as { carried?: object }
    delete own.carried
    document.addEventListener(
      'dragstart',
      ({ dataTransfer }) =>
        (own.carried = { types: [...dataTransfer!.types], download: dataTransfer!.getData('DownloadURL') }),
      { once: true },
    )
  })
  const box = (await what.boundingBox())!
  await page.mouse.move(box.x + 20, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x + 60, box.y + box.height / 2 + 30, { steps: 5 })
  await page.mouse.move(600, 400, { steps: 5 })
  await expect(page.getByText('Drop to add')).toBeHidden()
  await page.mouse.up()
  return page.evaluate(() => (window as unknown as { carried: { types: string[]; download: string } }).carried)
}

test.describe('in a browser', () => {
  test.beforeEach(({ host }) => test.skip(host === 'electron', 'the desktop drags files of its own'))

  test('a recording is dragged out of the library and of its lane, as it is now', async ({ app, page, context }) => {
    await addRecording(app, page, 'drag me.wav', 3)
    const origin = new URL(app.url!).origin
    const fetched = async (download: string) => {
      const [, type, name, address] = /^([^:]+):([^:]+):(.*)$/.exec(download)!
      expect(new URL(address!).origin).toBe(origin)
      return { type, name, body: await (await context.request.get(address!)).body() }
    }
    const row = library(page).getByRole('button', { name: /^drag/ })
    const label = page.getByRole('button', { name: /^A? ?Original/ }).last()
    for (const what of [row.first(), label]) {
      const { download } = await dragged(page, what)
      const { type, name, body } = await fetched(download)
      expect({ type, name }).toEqual({ type: 'audio/wav', name: 'drag me.wav' })
      expect(body.equals(noisyWav(3))).toBe(true)
    }
    // Nothing was added by dropping it on its own window.
    await expect(row).toHaveCount(1)

    await page.keyboard.press('Home')
    await page.keyboard.press('[')
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press(']')
    await page.keyboard.press('Delete')
    await expect(page.locator('.document .facts')).toContainText('0:02.0')
    const { body } = await fetched((await dragged(page, row.first())).download)
    expect(body.readUInt32LE(body.indexOf('data') + 4)).toBe(2 * 16_000 * 4)
  })
})

test.describe('on the desktop', () => {
  test.beforeEach(({ host }) => test.skip(host === 'electron', 'Electron’s own drag takes the mouse away'))

  test('the file is written first, and then dragged while the button is held', async ({ app, page, context }) => {
    await addRecording(app, page, 'desk.wav', 2)
    const desk = await openWithPreload(context, app.url!)
    const row = library(desk).getByRole('button', { name: /^desk\.wav/ })
    const asked = () =>
      desk.evaluate(() =>
        (window as unknown as { preloadAsked: { sent: [string, unknown][] } }).preloadAsked.sent.filter(
          ([channel]) => channel === 'nagare:drag',
        ),
      )
    const box = (await row.boundingBox())!
    await desk.mouse.move(box.x + 20, box.y + 10)
    await desk.mouse.down()
    await desk.mouse.move(box.x + 60, box.y + 40, { steps: 5 })
    await expect.poll(asked).toEqual([['nagare:drag', 'desk.wav']])
    await desk.mouse.up()
    const written = await readFile(`${app.project}/exports/desk.wav`)
    expect(written.equals(noisyWav(2))).toBe(true)
    await expect(lane(desk, 'original').locator('[data-drawn=true]')).toBeVisible()
  })
})
