import sharp from 'sharp'
import { expect, test } from './fixtures'
import { addPicture } from './pictures'

// A measurement; run with NAGARE_MEASURE set.
test('how fast a mask of 4096 × 4096 pixels is drawn', async ({ app, page }) => {
  test.skip(!process.env['NAGARE_MEASURE'], 'a measurement: set NAGARE_MEASURE')
  const size = { width: 4096, height: 4096, channels: 3 as const }
  const picture = await sharp({ create: { ...size, background: '#8a7f6a' } })
    .png()
    .toBuffer()
  await addPicture(app, page, 'large.png', picture)
  await page.keyboard.press('k')
  const view = page.getByTestId('mask-view')
  await expect(view).toHaveAttribute('data-ready', 'true', { timeout: 30_000 })
  const measure = (zoomed: boolean) =>
    page.evaluate(async (zoomed) => {
      const view = document.querySelector<HTMLElement>('[data-testid=mask-view]')!
      const { left, top, width, height } = view.getBoundingClientRect()
      const send = (type: string, x: number, y: number) =>
        view.dispatchEvent(
          new PointerEvent(type, { pointerId: 1, bubbles: true, clientX: left + x, clientY: top + y, button: 0 }),
        )
      view.firstElementChild!.setPointerCapture = () => {}
      send('pointerdown', width / 2, height / 2)
      const times: number[] = []
      let last = performance.now()
      for (let i = 0; i < 200; i++) {
        const reach = (zoomed ? 0.4 : 0.45) * Math.min(width, height)
        send('pointermove', width / 2 + reach * Math.sin(i / 9), height / 2 + reach * Math.cos(i / 13))
        await new Promise<void>((next) => requestAnimationFrame(() => next()))
        const now = performance.now()
        times.push(now - last)
        last = now
      }
      send('pointerup', width / 2, height / 2)
      times.sort((a, b) => a - b)
      return { median: times[100], p95: times[190], worst: times.at(-1) }
    }, zoomed)
  for (let i = 0; i < 14; i++) await page.keyboard.press(']')
  console.log('whole picture', await measure(false))
  await page.keyboard.press('p')
  await page.keyboard.press('b')
  for (let i = 0; i < 3; i++) await page.keyboard.press('+')
  console.log('near', await measure(true))
  await expect(page.locator('.document [role=status]')).toContainText(/Saved$/, { timeout: 60_000 })
})
