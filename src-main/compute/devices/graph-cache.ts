import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { writeFileAtomic } from '../../lib/atomic-file'
import type { CompiledProgram } from '../compile'
import type { ProgramSpec } from '../program'

/** Where compiled graphs are kept, and what tells the code that compiled them from any other. */
export interface GraphCache {
  folder: string
  stamp: string
}

const NEWLINE = 0x0a

/** Most bytes that the folder keeps; what was used longest ago goes first. */
const CAPACITY = 256e6

/** The cache of this process: in `NAGARE_HOME` or the system's folder for caches. None where the code is not a bundle whose files can be told apart. */
export function defaultGraphCache(
  env: NodeJS.ProcessEnv = process.env,
  platform = process.platform,
): GraphCache | undefined {
  const stamp = bundleStamp()
  if (!stamp) return undefined
  const system =
    platform === 'win32'
      ? env['LOCALAPPDATA'] || join(homedir(), 'AppData', 'Local')
      : platform === 'darwin'
        ? join(homedir(), 'Library', 'Caches')
        : env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  return { folder: env['NAGARE_HOME'] ? join(env['NAGARE_HOME'], 'cache') : join(system, 'Nagare'), stamp }
}

/** Names, sizes and times of the files of the bundle that this code is part of; undefined when it runs from its sources. */
function bundleStamp(): string | undefined {
  if (import.meta.url.endsWith('.ts')) return undefined
  const root = import.meta.dirname
  const folders = [root, join(root, 'chunks'), dirname(root)]
  const hash = createHash('sha256')
  for (const folder of folders) {
    try {
      for (const name of readdirSync(folder).sort()) {
        if (!/\.(js|mjs|cjs)$/.test(name)) continue
        const { size, mtimeMs } = statSync(join(folder, name))
        hash.update(`${name} ${size} ${mtimeMs}\n`)
      }
    } catch {
      continue
    }
  }
  return hash.digest('hex')
}

/**
 * The compiled form of `spec`: from the cache where it lies there whole, else by `compile`, kept for the next start. A program without a `key` is
 * always compiled; a cache that cannot be read or written costs nothing but time.
 */
export async function compiledFrom(
  cache: GraphCache | undefined,
  spec: ProgramSpec,
  compile: () => CompiledProgram,
): Promise<CompiledProgram> {
  if (!cache || spec.key === undefined) return compile()
  const { name, key, params, state, inputs } = spec
  const digest = sha256(Buffer.from(JSON.stringify([cache.stamp, name, key, params, state, inputs])))
  const path = join(cache.folder, `${digest.slice(0, 40)}.graph`)
  const known = await readCompiled(path).catch(() => undefined)
  if (known) {
    const now = new Date()
    await utimes(path, now, now).catch(() => undefined)
    return known
  }
  const compiled = compile()
  await keep(cache.folder, path, compiled).catch(() => undefined)
  return compiled
}

async function keep(folder: string, path: string, { bytes, ...names }: CompiledProgram): Promise<void> {
  await mkdir(folder, { recursive: true })
  const whole = Buffer.concat([Buffer.from(`${JSON.stringify(names)}\n`), bytes])
  await writeFileAtomic(path, Buffer.concat([Buffer.from(`${sha256(whole)}\n`), whole]))
  await prune(folder)
}

/** Throws where the file is missing, cut short or changed. */
async function readCompiled(path: string): Promise<CompiledProgram> {
  const file = await readFile(path)
  const whole = file.subarray(file.indexOf(NEWLINE) + 1)
  if (file.subarray(0, -whole.length - 1).toString() !== sha256(whole)) throw new Error(`${path} is damaged`)
  const end = whole.indexOf(NEWLINE)
  const names = JSON.parse(whole.subarray(0, end).toString()) as Omit<CompiledProgram, 'bytes'>
  return { ...names, bytes: whole.subarray(end + 1) }
}

async function prune(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.graph'))
  const files = await Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(folder, name))
      return { path: join(folder, name), size, mtimeMs }
    }),
  )
  let total = 0
  for (const { path, size } of files.sort((a, b) => b.mtimeMs - a.mtimeMs)) {
    total += size
    if (total > CAPACITY) await rm(path, { force: true })
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
