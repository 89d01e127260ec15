import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'vite'
import { formatBody, riffChunk, wavFile } from '../../helpers/signals'

export const root = resolve(import.meta.dirname, '../../..')
export const golden = (path: string) => join(root, 'test/golden', path)

export interface Ended {
  code: number | null
  signal: string | null
  out: string
  err: string
}

export interface Running {
  child: ChildProcess
  said: { out: string; err: string }
  ended: Promise<Ended>
}

interface RunOptions {
  cwd: string
  env?: Record<string, string>
  uid?: number
  /** What it finds on standard input. */
  input?: string
}

/** The command line in an installation of its own, so that no other test's build is in its way. */
export interface Nagare {
  start(args: string[], options: RunOptions): Running
  run(args: string[], options: RunOptions): Promise<Ended>
  /** The built command, for scripts that start it themselves. */
  file: string
  remove(): Promise<void>
}

/** Builds command line, engine and worker into a fresh installation; with `bench` the benchmarks too, as a checkout has them. */
export async function installNagare({ bench = false } = {}): Promise<Nagare> {
  // Inside node_modules, so that packages are found from there.
  const cache = join(root, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const app = await mkdtemp(join(cache, 'nagare-cli-'))
  await chmod(app, 0o755)
  await writeFile(join(app, 'package.json'), '{"name":"nagare","version":"1.2.3","type":"module"}')
  await symlink(join(root, 'resources'), join(app, 'resources'), 'junction')
  if (bench) await symlink(join(root, 'test'), join(app, 'test'), 'junction')
  await mkdir(join(app, 'out/renderer'), { recursive: true })
  await writeFile(join(app, 'out/renderer/index.html'), '<title>Nagare</title>')
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    resolve: { alias: { '@contract': join(root, 'src-main/contract/index.ts') }, mainFields: ['module', 'main'] },
    ssr: { noExternal: true, external: ['onnxruntime-node', 'audio-decode', 'libflacjs', 'sharp'] },
    build: {
      ssr: true,
      target: 'node20',
      outDir: join(app, 'out/main'),
      minify: false,
      rolldownOptions: {
        input: {
          cli: join(root, 'src-main/cli/entry.ts'),
          engine: join(root, 'src-main/engine/entry.ts'),
          worker: join(root, 'src-main/jobs/worker.ts'),
          ...(bench ? { bench: join(root, 'test/bench/entry.ts') } : {}),
        },
        external: [/^@tensorflow\/tfjs-node/],
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunk-[hash].js' },
      },
    },
  })
  const file = join(app, 'out/main/cli.js')
  const running = new Set<ChildProcess>()
  const start: Nagare['start'] = (args, { cwd, env, uid, input }) => {
    const child = spawn(process.execPath, [file, ...args], {
      cwd,
      env: { ...process.env, NAGARE_HOME: join(cwd, '.home'), ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    running.add(child)
    if (input !== undefined) child.stdin!.end(input)
    const said = { out: '', err: '' }
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (said.out += text))
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (said.err += text))
    const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]): Ended => {
      running.delete(child)
      return { code: code as number | null, signal: signal as string | null, ...said }
    })
    return { child, said, ended }
  }
  return {
    start,
    run: (args, options) => start(args, options).ended,
    file,
    async remove() {
      for (const child of running) child.kill('SIGKILL')
      await rm(app, { recursive: true, force: true })
    },
  }
}

/** A WAV file of 32-bit floats, one array per channel. */
export function wavFloat(channels: readonly Float32Array[], sampleRate = 16_000, claimedBytes?: number): Buffer {
  const frames = channels[0]?.length ?? 0
  const bytes = Buffer.alloc(4 * frames * channels.length)
  for (const [c, x] of channels.entries())
    for (let n = 0; n < frames; n++) bytes.writeFloatLE(x[n]!, 4 * (n * channels.length + c))
  const format = formatBody({ tag: 3, channels: channels.length, sampleRate, bits: 32 })
  return wavFile([riffChunk('fmt ', format), riffChunk('data', bytes, claimedBytes)])
}

/** An account other than root's, to meet permissions that root is above; undefined where this process is not root. */
export const stranger = process.getuid?.() === 0 ? 65_534 : undefined

/** Expects what every refusal owes: no output, and one line that says `words`. */
export const refusal = (code: number, ...words: (string | RegExp)[]) => ({
  code,
  signal: null,
  out: '',
  err: {
    asymmetricMatch: (err: unknown) =>
      typeof err === 'string' &&
      /^nagare: [^\n]+\n$/.test(err) &&
      words.every((word) => (typeof word === 'string' ? err.includes(word) : word.test(err))),
    toString: () => `one line with ${words.join(', ')}`,
  },
})
