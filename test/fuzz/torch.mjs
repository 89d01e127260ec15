import { fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'vite'

/**
 * Feeds mutated checkpoints to the reader of PyTorch files: `node test/fuzz/torch.mjs [FILES] [FIRST]` (100 000 files from number 0). Each number makes
 * the same file again. Fails where anything but an honest refusal is thrown, where the process dies, takes over 512 MB, or stays silent for two minutes
 * (it speaks after every hundredth file).
 */
const files = Number(process.argv[2] ?? 100_000)
const first = Number(process.argv[3] ?? 0)
const root = resolve(import.meta.dirname, '../..')
const cache = join(root, 'node_modules', '.cache')
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'nagare-fuzz-'))
try {
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    resolve: { alias: { '@contract': join(root, 'src-main/contract/index.ts') }, mainFields: ['module', 'main'] },
    ssr: { noExternal: [/@tensorflow/] },
    build: {
      ssr: true,
      target: 'node20',
      outDir: folder,
      minify: false,
      rolldownOptions: {
        input: { child: join(root, 'test/fuzz/torch-child.ts') },
        output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunk-[hash].mjs' },
      },
    },
  })
  const start = performance.now()
  const { done, faults, end, at } = await run()
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  for (const fault of faults.slice(0, 10))
    console.log(`file ${fault.file} (${fault.kind}, ${fault.seed}): ${fault.error}`)
  if (done) {
    console.table(done.kinds)
    console.log(
      `${files} files in ${seconds} s; slowest ${done.slowest.milliseconds.toFixed(0)} ms (file ${done.slowest.file}); peak ${done.peakMegabytes.toFixed(0)} MB; ${faults.length} faults`,
    )
  } else console.log(`The process ended (${end}) after file ${at}.`)
  if (!done || faults.length || done.peakMegabytes > 512) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}

function run() {
  return new Promise((settle) => {
    const result = { done: undefined, faults: [], end: '', at: first }
    const child = fork(
      join(folder, 'child.mjs'),
      [join(root, 'test/golden/waveglow-import'), String(first), String(files)],
      {
        execArgv: ['--max-old-space-size=512'],
      },
    )
    let watch
    const heard = () => {
      clearTimeout(watch)
      watch = setTimeout(() => child.kill('SIGKILL'), 120_000)
    }
    heard()
    child.on('message', ({ at, fault, done }) => {
      heard()
      if (at !== undefined) result.at = at
      if (fault) result.faults.push(fault)
      if (done) result.done = done
    })
    child.on('exit', (code, signal) => {
      clearTimeout(watch)
      settle({ ...result, end: signal ?? `code ${code}` })
    })
  })
}
