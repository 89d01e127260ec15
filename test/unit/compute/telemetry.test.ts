import { spawnSync } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bundle } from '../../helpers/bundle'
import { filesUnder, tempFolder } from '../../helpers/folder'

test('ONNX Runtime is loaded without its telemetry: it leaves nothing in the home folder', async () => {
  const folder = await tempFolder()
  const bundled = await bundle({ devices: 'src-main/cli/devices.ts' })
  onTestFinished(() => bundled.remove())
  const code = `const { devices } = await import(process.argv[1]); console.log((await devices.run()).json.devices[0].id)`
  const env = { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, NAGARE_HOME: join(folder, 'nagare') }
  const { stdout } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', code, join(bundled.folder, 'devices.mjs')],
    { env },
  )
  expect(stdout.toString().trim()).toBe('cpu')
  expect(await readdir(folder)).toEqual([])
  expect(await filesUnder(folder)).toEqual([])
})
