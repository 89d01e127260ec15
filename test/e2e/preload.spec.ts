import type { PageMenu } from '../../src-main/contract'
import { openWithPreload } from '../helpers/preload-page'
import { expect, test } from './fixtures'

test.describe('the built preload', () => {
  test.beforeEach(({ host }) => test.skip(host === 'electron', 'Electron itself runs the preload there'))

  test('gives the page four things and passes the port on', async ({ app, context }) => {
    const page = await openWithPreload(context, app.url!)
    const seen = await page.evaluate(() => {
      const { desktop, preloadAsked } = window as unknown as {
        desktop: { pathOf(file: File): string; platform: string }
        preloadAsked: { required: string[]; exposed: string[]; channels: Map<string, unknown> }
      }
      return {
        required: preloadAsked.required,
        exposed: preloadAsked.exposed,
        channels: [...preloadAsked.channels.keys()],
        members: Object.keys(desktop),
        path: desktop.pathOf(new File(['x'], 'noisy.wav')),
        globals: ['require', 'process', 'ipcRenderer', 'electron'].filter((name) => name in window),
      }
    })
    expect(seen).toEqual({
      required: ['electron'],
      exposed: ['desktop'],
      channels: ['nagare:port', 'nagare:action'],
      members: ['pathOf', 'chooseFolder', 'platform', 'setMenu'],
      path: '/dropped/noisy.wav',
      globals: [],
    })
    const menu = () =>
      page.evaluate(() => {
        const { preloadAsked } = window as unknown as { preloadAsked: { sent: [string, PageMenu][] } }
        return preloadAsked.sent.at(-1)
      })
    await expect
      .poll(async () => (await menu())?.[1].groups.find(({ id }) => id === 'app')?.items.map(({ label }) => label))
      .toEqual(['Find a command…', 'Settings', 'Keyboard shortcuts'])
    expect((await menu())![0]).toBe('nagare:menu')
    await page.evaluate(() => {
      const { preloadAsked } = window as unknown as {
        preloadAsked: { channels: Map<string, (event: object, id: string) => void> }
      }
      preloadAsked.channels.get('nagare:action')!({}, 'settings')
    })
    await expect(page.getByRole('dialog', { name: 'Settings' })).toBeVisible()
    await page.getByRole('combobox', { name: 'Language' }).selectOption('日本語')
    await expect
      .poll(async () => (await menu())?.[1].groups.at(-1)?.items.at(-1)?.label)
      .toBe('キーボードショートカット')
    await page.getByRole('combobox', { name: '言語' }).selectOption('system')
    // The project's name comes from the engine, over the port.
    await expect(page.getByText('Untitled').first()).toBeVisible()
  })
})
