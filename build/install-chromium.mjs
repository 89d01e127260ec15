import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { chromiumPath } from './chromium.mjs'
import { root } from './prepare.mjs'

const run = (program, args, more = {}) =>
  spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2], ...more }).status === 0

/** Debian's package, where this process may install it. */
function installDebian() {
  if (!existsSync('/usr/bin/apt-get')) return false
  const [program, ...prefix] = process.getuid?.() === 0 ? ['apt-get'] : ['sudo', '-n', 'apt-get']
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args) => run(program, [...prefix, ...args], { env })
  return apt('update') && apt('install', '-y', '--no-install-recommends', 'chromium')
}

function installPlaywright() {
  const tool = join(root, 'node_modules', 'playwright', 'cli.js')
  return run(process.execPath, [tool, 'install', 'chromium'], { timeout: 300_000 })
}

/** Path of a Chromium for the tests, installed if there is none: Playwright's download, else Debian's package; undefined when neither can be had. */
export function ensureChromium() {
  const found = chromiumPath()
  if (found) return found
  console.error('Looking for a Chromium to run the window in …')
  for (const install of [installPlaywright, installDebian]) if (install() && chromiumPath()) return chromiumPath()
  console.error(
    'No Chromium was found or could be installed. Install one (Debian: apt install chromium; elsewhere: npx playwright install chromium) or set CHROMIUM_PATH.',
  )
  return undefined
}
