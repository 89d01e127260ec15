import {
  _electron,
  test as base,
  type ElectronApplication,
  type Page,
  type TestInfo,
  type WorkerInfo,
} from '@playwright/test'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Settings } from '../../src-main/contract'
import { electronPath } from '../../build/electron-path.mjs'

export { expect } from '@playwright/test'

const root = resolve(import.meta.dirname, '../..')

/** A running Nagare with a fresh home folder; one per test file, so a file's tests share its project. */
export interface App {
  readonly kind: 'browser' | 'electron'
  /** What `NAGARE_HOME` is set to: settings, packs and projects lie in it. */
  readonly home: string
  /** The open project's folder. */
  readonly project: string
  /** Address of the window with its token (browser only). */
  readonly url: string | undefined
  /** Process id of the engine running now; waits while it is being restarted. */
  enginePid(): Promise<number>
  /** Ends the engine at once, as a crash would, and resolves when its successor runs. */
  killEngine(signal?: NodeJS.Signals): Promise<void>
  /** All that the app wrote to stderr so far. */
  log(): string
  /** Opens the window; in Electron its only one, loaded anew. */
  open(newPage: () => Promise<Page>): Promise<Page>
  close(): Promise<void>
}

/** What a file's app is started with. */
export interface Start {
  /** Saved settings that it finds, e.g. brought along from another machine. */
  settings?: Partial<Settings>
  env?: Record<string, string>
}

/** Follows the lines `engine N is running` that both hosts write to stderr at each start of an engine. */
function engineWatch(process: ChildProcess) {
  let text = ''
  let pids: number[] = []
  const waiting = new Set<() => void>()
  const wakeAll = () => {
    for (const wake of waiting) wake()
    waiting.clear()
  }
  process.stderr?.setEncoding('utf8').on('data', (part: string) => {
    text += part
    pids = [...text.matchAll(/engine (\d+) is running/g)].map((match) => Number(match[1]))
    wakeAll()
  })
  process.once('exit', wakeAll)
  const enginePid = async (start = 1) => {
    const deadline = AbortSignal.timeout(20_000)
    deadline.addEventListener('abort', wakeAll, { once: true })
    while (pids.length < start) {
      if (process.exitCode !== null || process.signalCode !== null)
        throw new Error(`Nagare ended before its engine ran:\n${text}`)
      if (deadline.aborted) throw new Error(`No engine ran within 20 s:\n${text}`)
      await new Promise<void>((wake) => waiting.add(wake))
    }
    return pids.at(-1)!
  }
  return {
    log: () => text,
    enginePid: () => enginePid(),
    async killEngine(signal: NodeJS.Signals = 'SIGKILL') {
      const pid = await enginePid()
      const starts = pids.length
      globalThis.process.kill(pid, signal)
      await enginePid(starts + 1)
    },
  }
}

/** Starts the Node host on a free port, with `home` as its `NAGARE_HOME`. */
export async function startBrowserHost(
  home: string,
  env: Start['env'] = {},
): Promise<App & { kill(): Promise<void>; killHost(): Promise<void> }> {
  const child = spawn(process.execPath, [join(root, 'out/main/host.js'), '--port', '0'], {
    env: { ...process.env, ...env, NAGARE_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const watch = engineWatch(child)
  const [line] = (await Promise.race([
    once(child.stdout.setEncoding('utf8'), 'data'),
    once(child, 'exit').then(() => {
      throw new Error(`The host did not start:\n${watch.log()}`)
    }),
  ])) as [string]
  const url = line.trim()
  return {
    ...watch,
    kind: 'browser',
    home,
    project: join(home, 'projects', 'Untitled'),
    url,
    async open(newPage) {
      const page = await newPage()
      await page.goto(url)
      return page
    },
    /** Ends the host and its engine at once, as a power cut would. */
    async kill() {
      const engine = await watch.enginePid()
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      process.kill(engine, 'SIGKILL')
      await gone
    },
    /** Ends the host alone; its engine is left to find out. */
    async killHost() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function startElectron(home: string, executablePath: string, env: Start['env'] = {}): Promise<App> {
  const app: ElectronApplication = await _electron.launch({
    executablePath,
    args: [
      ...[join(root, 'out/main/main.js'), '--no-sandbox'],
      ...['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
    ],
    env: { ...(process.env as Record<string, string>), ...env, NAGARE_HOME: home },
  })
  return {
    ...engineWatch(app.process()),
    kind: 'electron',
    home,
    project: join(home, 'projects', 'Untitled'),
    url: undefined,
    async open() {
      const page = await app.firstWindow()
      await page.reload()
      return page
    },
    close: () => app.close(),
  }
}

interface Apps {
  /** The app of this test's file, started at the first test that asks. */
  of(info: TestInfo): Promise<App>
}

interface WorkerOptions {
  host: 'browser' | 'electron'
  start: Start
}

export const test = base.extend<{ app: App; page: Page }, WorkerOptions & { apps: Apps }>({
  host: ['browser', { option: true, scope: 'worker' }],
  start: [{}, { option: true, scope: 'worker' }],
  apps: [
    async ({ host, start }: WorkerOptions, use: (apps: Apps) => Promise<void>, _info: WorkerInfo) => {
      let current: { file: string; app: App } | undefined
      const close = async () => {
        if (!current) return
        await current.app.close()
        await rm(current.app.home, { recursive: true, force: true, maxRetries: 5 })
        current = undefined
      }
      await use({
        async of(info) {
          if (current?.file === info.file) return current.app
          await close()
          const binary = electronPath()
          if (host === 'electron' && !binary)
            info.skip(true, 'the Electron binary is not installed (npx install-electron fetches it)')
          const home = await mkdtemp(join(tmpdir(), 'nagare-e2e-'))
          if (start.settings) await writeFile(join(home, 'settings.json'), JSON.stringify(start.settings))
          const app =
            host === 'electron'
              ? await startElectron(home, binary!, start.env)
              : await startBrowserHost(home, start.env)
          current = { file: info.file, app }
          return app
        },
      })
      await close()
    },
    { scope: 'worker' },
  ],
  app: async ({ apps }, use, info) => use(await apps.of(info)),
  page: async ({ app, context }, use) => {
    const page = await app.open(() => context.newPage())
    // Playwright intercepts file choosers only while somebody listens, and turns that on too late for a chooser that opens at once.
    page.on('filechooser', () => {})
    await use(page)
  },
})
