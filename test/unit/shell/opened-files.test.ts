import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { filesOf } from '../../../src-main/shell/opened-files'

it('takes existing files, not options, the program or the app itself', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nagare-argv-'))
  try {
    const sound = join(folder, 'noisy.wav')
    await writeFile(sound, '')
    expect(
      filesOf(['electron', '--inspect=0', folder, '--no-sandbox', 'noisy.wav', 'missing.wav'], folder, folder),
    ).toEqual([sound])
    expect(filesOf(['/opt/Nagare/nagare', sound], '/', '/opt/Nagare/resources/app.asar')).toEqual([sound])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
