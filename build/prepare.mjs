import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..')

/** Runs a tool of this checkout or npm itself; its stdout goes to stderr, so that stdout stays the caller's. */
function run(command, args) {
  const [program, words] =
    command.endsWith('.js') || command.endsWith('.mjs') ? [process.execPath, [command, ...args]] : [command, args]
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' }
  const { status, error } = spawnSync(program, words, {
    cwd: root,
    env,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && program === 'npm',
  })
  if (error) throw error
  return status === 0
}

/** Whether node_modules holds every package of package-lock.json in its version; optional ones may be missing. */
export function isInstalled() {
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installed)) return false
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const found = JSON.parse(readFileSync(installed, 'utf8')).packages
  return Object.entries(wanted).every(
    ([path, { version, optional, devOptional, peer }]) =>
      path === '' || found[path]?.version === version || (!found[path] && (optional || devOptional || peer)),
  )
}

/** Installs the packages where some are missing or of another version. */
export function install() {
  if (isInstalled()) return
  console.error('Installing packages …')
  if (run('npm', ['ci', '--no-audit', '--no-fund'])) return
  throw new Error('The packages could not be installed: see the messages of npm above.')
}

/** One hash over names, sizes and times of everything that goes into the build. */
function sourceState() {
  const hash = createHash('sha256')
  const add = (path) => {
    const facts = statSync(path)
    if (facts.isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name))
    else hash.update(`${path}\0${facts.size}\0${facts.mtimeMs}\n`)
  }
  for (const name of [
    'src-main',
    'src-renderer',
    'test/bench',
    'electron.vite.config.ts',
    'svelte.config.js',
    'package.json',
  ])
    add(join(root, name))
  return hash.digest('hex')
}

const stamp = join(root, 'out', '.sources')
const isBuilt = (state) => existsSync(stamp) && readFileSync(stamp, 'utf8') === state

const pause = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)

/** Takes the build for this process, waiting for another one's; a lock older than two minutes was left by a dead process. */
function lockBuild() {
  const lock = join(root, 'out', '.building')
  mkdirSync(join(root, 'out'), { recursive: true })
  for (;;) {
    try {
      mkdirSync(lock)
      return () => rmSync(lock, { recursive: true, force: true })
    } catch (thrown) {
      if (thrown.code !== 'EEXIST') throw thrown
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
      if (age > 120_000) rmSync(lock, { recursive: true, force: true })
      else pause(100)
    }
  }
}

/** Builds `out/` where it is missing or older than its sources. Says so on stderr only when it does. */
export function build() {
  if (isBuilt(sourceState())) return
  const unlock = lockBuild()
  try {
    const state = sourceState()
    if (isBuilt(state)) return
    console.error('Building …')
    const tool = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
    if (!run(tool, ['build', '--logLevel', 'warn'])) throw new Error('The build failed: see the messages above.')
    writeFileSync(stamp, state)
  } finally {
    unlock()
  }
}

/** Installs and builds what is missing or stale. */
export function prepare() {
  install()
  build()
}
