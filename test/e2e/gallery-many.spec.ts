import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from './fixtures'
import { stained, trainedPack, woven } from './pictures'
import { addFiles, library } from './window'

// Measures; run with NAGARE_MEASURE=500 (pictures).
const count = Number(process.env['NAGARE_MEASURE'] ?? 0)

test('how fast many pictures are added, inspected and scrolled through', async ({ app, page }) => {
  test.skip(count === 0, 'a measurement: set NAGARE_MEASURE to a number of pictures')
  test.setTimeout(900_000)
  const folder = await mkdtemp(join(tmpdir(), 'nagare-many-'))
  const inner = join(folder, 'lot')
  await mkdir(inner)
  for (let i = 0; i < count; i++)
    await writeFile(join(inner, `${i}.png`), await woven(i % 10 === 0 ? { ...stained, seed: i + 1 } : { seed: i + 1 }))
  await writeFile(join(inner, 'broken.png'), (await woven()).subarray(0, 300))
  await addFiles(app, page, { 'woven.nagare': await trainedPack() })
  await expect(page.getByText(/Model .* added/)).toBeVisible()

  await addFiles(app, page, { 'first.png': await woven({ seed: 99_999 }) })
  await page.getByRole('combobox', { name: 'Model' }).selectOption('Principal components')
  const chooser = page.waitForEvent('filechooser')
  await page.keyboard.press('Control+Shift+O')
  const start = Date.now()
  await (await chooser).setFiles(inner)
  await expect(page.locator('.cell[data-verdict=odd], .cell[data-verdict=normal]').first()).toBeVisible({
    timeout: 60_000,
  })
  const first = Date.now() - start
  await expect(library(page).getByRole('button', { name: `All pictures, ${count + 2}` })).toBeVisible({
    timeout: 600_000,
  })
  const added = Date.now() - start
  const done = () =>
    page.evaluate(async () => {
      const text = document.querySelector('.gallery .count')!.textContent!
      return text
    })
  await page.getByRole('combobox', { name: 'Show' }).selectOption('waiting')
  await expect.poll(async () => (await done()).replace(/\D.*$/, ''), { timeout: 600_000, intervals: [250] }).toBe('0')
  await page.getByRole('combobox', { name: 'Show' }).selectOption('new')
  await expect.poll(async () => (await done()).replace(/\D.*$/, ''), { timeout: 600_000, intervals: [250] }).toBe('1')
  const inspected = Date.now() - start
  await page.getByRole('combobox', { name: 'Show' }).selectOption('all')

  const frames = await page.evaluate(async () => {
    const view = document.querySelector<HTMLElement>('[data-testid=gallery-view]')!
    const times: number[] = []
    let last = performance.now()
    for (let i = 0; i < 240; i++) {
      view.scrollTop += i < 120 ? 60 : -60
      await new Promise<void>((next) => requestAnimationFrame(() => next()))
      const now = performance.now()
      times.push(now - last)
      last = now
    }
    return times.sort((a, b) => a - b)
  })
  const heap = await page.evaluate(
    () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
  )
  const client = await page.context().newCDPSession(page)
  const { processInfo } = (await (
    await page.context().browser()!.newBrowserCDPSession()
  ).send('SystemInfo.getProcessInfo')) as {
    processInfo: { type: string; id: number }[]
  }
  void client
  const { readFile } = await import('node:fs/promises')
  const memory = await Promise.all(
    processInfo
      .filter(({ type }) => type === 'renderer')
      .map(async ({ id }) => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${id}/status`, 'utf8'))![1]) / 1024),
  )
  console.log({
    count,
    firstResultSeconds: first / 1000,
    addedSeconds: added / 1000,
    inspectedSeconds: inspected / 1000,
    perSecond: count / (inspected / 1000),
    medianFrame: frames[120],
    frame95: frames[228],
    worstFrame: frames.at(-1),
    heapMB: heap / 1e6,
    rendererMB: Math.max(...memory),
  })
  await rm(folder, { recursive: true, force: true })
})
