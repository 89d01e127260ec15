import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureChromium } from './install-chromium.mjs'
import { build, install, root } from './prepare.mjs'
import { countPlaywright, countVitest } from './test-counts.mjs'

/**
 * Runs every suite, whichever of them fail, and ends with one line that counts them all; lint and type checks count as one check each.
 * Names of suites as arguments run only those.
 */
const only = process.argv.slice(2)
const reports = mkdtempSync(join(tmpdir(), 'nagare-test-'))
const modules = (...path) => join(root, 'node_modules', ...path)
const total = { passed: 0, failed: 0, skipped: 0 }
const failures = []

function add(name, { passed, failed, skipped }) {
  total.passed += passed
  total.failed += failed
  total.skipped += skipped
  if (failed) failures.push(`${name}: ${failed} failed`)
}

function node(args, { quiet, env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += data))
    child.on('exit', (code) => resolve({ ok: code === 0, output }))
  })
}

/** One check: silent when it passes. */
const check =
  (...args) =>
  async (name) => {
    const { ok, output } = await node(args, { quiet: true })
    console.log(`${ok ? '✓' : '✗'} ${name}`)
    if (!ok) console.log(output)
    add(name, { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 })
  }

const vitest = async (name) => {
  const file = join(reports, `${name}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const { ok } = await node([modules('vitest', 'vitest.mjs'), 'run', '--project', name, ...reporters])
  add(name, countVitest(read(file), ok))
}

const playwright = async (name) => {
  const file = join(reports, `${name}.json`)
  const args = [modules('@playwright', 'test', 'cli.js'), 'test', '--reporter=list,json']
  const { ok } = await node(args, { env: { PLAYWRIGHT_JSON_OUTPUT_NAME: file } })
  add(name, countPlaywright(read(file), ok))
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

let chromium
const suites = {
  lint: check(modules('eslint', 'bin', 'eslint.js'), '.', '--max-warnings', '0'),
  format: check(modules('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.'),
  types: check(modules('typescript', 'bin', 'tsc'), '-p', 'tsconfig.node.json'),
  'page types': check(modules('typescript', 'bin', 'tsc'), '-p', 'tsconfig.page.json'),
  'window types': check(
    modules('svelte-check', 'bin', 'svelte-check'),
    '--tsconfig',
    'tsconfig.web.json',
    '--output',
    'human',
  ),
  build: async (name) => {
    try {
      build()
      console.log(`✓ ${name}`)
      add(name, { passed: 1, failed: 0, skipped: 0 })
    } catch (thrown) {
      console.log(`✗ ${name}: ${thrown.message}`)
      add(name, { passed: 0, failed: 1, skipped: 0 })
    }
  },
  unit: vitest,
  component: (name) => (chromium ? vitest(name) : add(name, { passed: 0, failed: 1, skipped: 0 })),
  e2e: (name) => (chromium ? playwright(name) : add(name, { passed: 0, failed: 1, skipped: 0 })),
}
const unknown = only.filter((name) => !(name in suites))
const chosen = Object.keys(suites).filter((name) => !only.length || only.includes(name))

if (unknown.length) {
  console.error(`There is no suite ${unknown.join(', ')}; there are ${Object.keys(suites).join(', ')}.`)
  process.exit(2)
}
try {
  install()
  if (chosen.includes('component') || chosen.includes('e2e')) chromium = ensureChromium()
  const checks = ['lint', 'format', 'types', 'page types', 'window types']
  // Two at a time: the checks of one thread each leave a second core idle.
  const queue = chosen.filter((name) => checks.includes(name))
  await Promise.all(
    [0, 1].map(async () => {
      for (let name = queue.shift(); name; name = queue.shift()) await suites[name](name)
    }),
  )
  for (const name of chosen.filter((name) => !checks.includes(name))) await suites[name](name)
} catch (thrown) {
  console.error(thrown.message)
  add('setting up', { passed: 0, failed: 1, skipped: 0 })
} finally {
  rmSync(reports, { recursive: true, force: true })
}
console.log(failures.length ? `\n${failures.join('\n')}` : '')
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed ? 1 : 0
