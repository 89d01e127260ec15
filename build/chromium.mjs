import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'

const names =
  process.platform === 'win32'
    ? ['chrome.exe', 'msedge.exe']
    : ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
]

/** Path of a Chromium for tests: `CHROMIUM_PATH`, the system's, else Playwright's own download; undefined where there is none. */
export function chromiumPath() {
  const set = process.env.CHROMIUM_PATH
  if (set && existsSync(set)) return set
  for (const folder of (process.env.PATH ?? '').split(delimiter))
    for (const name of names) {
      const path = join(folder, name)
      if (existsSync(path)) return path
    }
  const placed = places.find((path) => existsSync(path))
  if (placed) return placed
  try {
    const own = createRequire(import.meta.url)('playwright').chromium.executablePath()
    return existsSync(own) ? own : undefined
  } catch {
    return undefined
  }
}
