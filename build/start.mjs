import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { electronPath, hasScreen } from './electron-path.mjs'
import { prepare, root } from './prepare.mjs'

const args = process.argv.slice(2)
const browser = args.includes('--browser')
const rest = args.filter((arg) => arg !== '--browser')

/** Runs a program in this terminal until it ends; Ctrl+C reaches it and this script waits for it. */
function follow(program, words) {
  const started = Date.now()
  const child = spawn(program, words, { cwd: root, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => {
    child.on('error', () => resolve({ code: 1, quick: true }))
    child.on('exit', (code, signal) => resolve({ code: code ?? (signal ? 0 : 1), quick: Date.now() - started < 5000 }))
  })
}

/** The Electron binary; fetched once where there is a screen to use it on. */
function findElectron() {
  if (electronPath() || !hasScreen()) return electronPath()
  console.log('Fetching the Electron binary …')
  spawnSync(process.execPath, [join(root, 'node_modules', 'electron', 'install.js')], {
    cwd: root,
    stdio: 'inherit',
    timeout: 300_000,
  })
  return electronPath()
}

try {
  prepare()
} catch (thrown) {
  console.error(thrown.message)
  process.exit(1)
}

const electron = browser ? undefined : findElectron()
if (electron && hasScreen()) {
  const asRoot = process.platform === 'linux' && process.getuid?.() === 0
  const { code, quick } = await follow(electron, [
    join(root, 'out', 'main', 'main.js'),
    ...(asRoot ? ['--no-sandbox'] : []),
    ...rest,
  ])
  if (code === 0 || !quick) process.exit(code)
  console.log('Electron could not start here (see above).')
} else if (!browser) {
  console.log(
    electron
      ? 'There is no screen here.'
      : 'The Electron binary is not installed here (npx install-electron fetches it).',
  )
}
console.log('The same window is served for a browser at this address; Ctrl+C stops it:')
const { code } = await follow(process.execPath, [
  join(root, 'out', 'main', 'host.js'),
  ...(hasScreen() ? ['--open'] : []),
  ...rest,
])
process.exit(code)
