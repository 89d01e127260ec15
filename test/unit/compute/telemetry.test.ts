import { spawnSync } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'vite'
import { expect, onTestFinished, test } from 'vitest'
import { filesUnder, tempFolder } from '../../helpers/folder'

const root = resolve(import.meta.dirname, '../../..')

test('ONNX Runtime is loaded without its telemetry: it leaves nothing in the home folder', async () => {
  const folder = await tempFolder()
  const out = join(root, 'node_modules', '.cache', `nagare-telemetry-${process.pid}`)
  onTestFinished(() => rm(out, { recursive: true, force: true }))
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    resolve: { mainFields: ['module', 'main'] },
    ssr: { noExternal: [/@tensorflow/] },
    build: {
      ssr: true,
      target: 'node20',
      outDir: out,
      minify: false,
      rolldownOptions: {
        input: { devices: join(root, 'src-main/cli/devices.ts') },
        output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunk-[hash].mjs' },
      },
    },
  })
  const code = `const { devices } = await import(process.argv[1]); console.log((await devices.run()).json.devices[0].id)`
  const env = { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, NAGARE_HOME: join(folder, 'nagare') }
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code, join(out, 'devices.mjs')], { env })
  expect(stdout.toString().trim()).toBe('cpu')
  expect(await readdir(folder)).toEqual([])
  expect(await filesUnder(folder)).toEqual([])
})
