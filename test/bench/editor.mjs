// Measures the audio editor in Chromium over the real host. `npx electron-vite build && node test/bench/editor.mjs [MINUTES…]`
import { chromium } from '@playwright/test'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromiumPath } from '../../build/chromium.mjs'

const root = resolve(import.meta.dirname, '../..')
const rate = 44_100
const channels = 2

/** Writes a WAV of noise bursts, minutes long. */
async function writeWav(path, minutes) {
  const frames = minutes * 60 * rate
  const header = Buffer.alloc(44)
  const bytes = frames * channels * 2
  header.write('RIFF')
  header.writeUInt32LE(36 + bytes, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(channels, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE(rate * channels * 2, 28)
  header.writeUInt16LE(channels * 2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36)
  header.writeUInt32LE(bytes, 40)
  const out = createWriteStream(path)
  out.write(header)
  const second = Buffer.alloc(rate * channels * 2)
  let seed = 1
  for (let i = 0; i < second.length / 2; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    second.writeInt16LE(Math.round((seed / 2 ** 32 - 0.5) * 30_000 * Math.sin(i / 9000) ** 2), 2 * i)
  }
  for (let s = 0; s < minutes * 60; s++) if (!out.write(second)) await once(out, 'drain')
  out.end()
  await once(out, 'finish')
}

/** Seconds of processor time that the processes which `parent` started have taken. */
async function processorSeconds(parent) {
  const all = await readdir('/proc')
  const stats = await Promise.all(
    all.filter((name) => /^\d+$/.test(name)).map((name) => readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')),
  )
  return stats
    .map((stat) => stat.slice(stat.lastIndexOf(')') + 2).split(' '))
    .filter((fields) => Number(fields[1]) === parent)
    .reduce((sum, fields) => sum + (Number(fields[11]) + Number(fields[12])) / 100, 0)
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
const at = (values, share) => [...values].sort((a, b) => a - b)[Math.floor(values.length * share)]

/** Megabytes that the renderer's process holds, of which of its own. */
async function memoryOf(browser) {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const sizes = await Promise.all(
    processInfo
      .filter(({ type }) => type === 'renderer')
      .map(async ({ id }) => {
        const status = await readFile(`/proc/${id}/status`, 'utf8')
        const of = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
        return { rss: of('VmRSS'), own: of('RssAnon') }
      }),
  )
  return sizes.sort((a, b) => b.rss - a.rss)[0]
}

/** Milliseconds from frame to frame while the view is panned or zoomed. */
const frames = (page, kind, count = 180) =>
  page.evaluate(
    ([kind, count]) =>
      new Promise((resolve) => {
        const surface = document.querySelector('.surface')
        const box = surface.getBoundingClientRect()
        const deltas = []
        let last = performance.now()
        let i = 0
        const step = () => {
          const now = performance.now()
          if (i > 0) deltas.push(now - last)
          last = now
          if (i++ === count) return resolve(deltas)
          const zoom = kind === 'zoom'
          surface.dispatchEvent(
            new WheelEvent('wheel', {
              bubbles: true,
              cancelable: true,
              clientX: box.left + box.width / 2,
              ctrlKey: zoom,
              deltaY: zoom ? (i < count / 2 ? -24 : 24) : 0,
              deltaX: zoom ? 0 : i < count / 2 ? 30 : -30,
            }),
          )
          requestAnimationFrame(step)
        }
        requestAnimationFrame(step)
      }),
    [kind, count],
  )

async function measure(minutes) {
  const home = await mkdtemp(join(tmpdir(), 'nagare-editor-'))
  const file = join(home, `${minutes}-minutes.wav`)
  await writeWav(file, minutes)
  const host = spawn(process.execPath, [join(root, 'out/main/host.js'), '--port', '0'], {
    env: { ...process.env, NAGARE_HOME: home },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] })
  try {
    const [line] = await once(host.stdout.setEncoding('utf8'), 'data')
    let page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.goto(line.trim())
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Open a file' }).first().click()
    await (await chooser).setFiles(file)
    const item = () => page.getByRole('navigation', { name: 'Library' }).getByRole('button', { name: /-minutes/ })
    await item().first().waitFor({ timeout: 300_000 })
    const added = performance.now()
    const before = await processorSeconds(host.pid)
    const drawn = page.locator('.lane [data-drawn=true]')
    await drawn.waitFor({ timeout: 300_000 })
    const measured = performance.now() - added
    const worked = (await processorSeconds(host.pid)) - before

    await page.close()
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.goto(line.trim())
    await item().first().waitFor()
    const opened = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const start = performance.now()
          const look = () =>
            document.querySelector('.lane [data-drawn=true]')
              ? resolve(performance.now() - start)
              : requestAnimationFrame(look)
          look()
        }),
    )
    const fresh = await memoryOf(browser)
    for (let i = 0; i < 5; i++) await page.keyboard.press('+')
    const pan = await frames(page, 'pan')
    const zoom = await frames(page, 'zoom')
    await page.keyboard.press('s')
    await page.waitForTimeout(3000)
    const spectrum = await frames(page, 'pan')
    const { rss, own } = await memoryOf(browser)
    const heap = await page.evaluate(() => performance.memory.usedJSHeapSize / 2 ** 20)
    const text = (list) => `median ${median(list).toFixed(1)} ms, 95 % ${at(list, 0.95).toFixed(1)} ms`
    console.log(`${minutes} min, ${rate / 1000} kHz, ${channels} channels`)
    console.log(
      `  peaks after it was added    ${(measured / 1000).toFixed(2)} s (${worked.toFixed(2)} s of processor time)`,
    )
    console.log(`  drawn when peaks exist      ${(opened / 1000).toFixed(2)} s`)
    console.log(`  frames while panning        ${text(pan)}`)
    console.log(`  frames while zooming        ${text(zoom)}`)
    console.log(`  panning with spectrogram    ${text(spectrum)}`)
    console.log(
      `  memory of the window        ${rss.toFixed(0)} MB (${own.toFixed(0)} MB of its own, ${heap.toFixed(0)} MB JavaScript; ${fresh.rss.toFixed(0)} and ${fresh.own.toFixed(0)} MB before panning)`,
    )
  } finally {
    await browser.close()
    host.kill('SIGTERM')
    await once(host, 'exit')
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
}

const lengths = process.argv.slice(2).map(Number)
for (const minutes of lengths.length ? lengths : [30, 120]) await measure(minutes)
