import { openWithPreload } from '../helpers/preload-page'
import { expect, test } from './fixtures'

test.describe('the built preload', () => {
  test.beforeEach(({ host }) => test.skip(host === 'electron', 'Electron itself runs the preload there'))

  test('gives the page two things and passes the port on', async ({ app, context }) => {
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
      channels: ['nagare:port'],
      members: ['pathOf', 'platform'],
      path: '/dropped/noisy.wav',
      globals: [],
    })
    // The project's name comes from the engine, over the port.
    await expect(page.getByText('Untitled').first()).toBeVisible()
  })
})
