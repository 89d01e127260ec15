import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, rmdir, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { addFiles, addRecording, enhanceButton, lane, library, needModel, queue, setNumber } from './window'
import { expect, startBrowserHost, test } from './fixtures'

const run = promisify(execFile)

test('a full disk is named, leaves nothing half written, and is got over', async ({ host, context }) => {
  test.skip(host === 'electron', 'the host is the same program there')
  const home = await mkdtemp(join(tmpdir(), 'nagare-e2e-small-'))
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=80m', 'nagare-e2e', home]).then(
    () => true,
    () => false,
  )
  if (!mounted) await rmdir(home)
  test.skip(!mounted, 'a small disk can be mounted only by root on Linux')
  const app = await startBrowserHost(home)
  try {
    const page = await app.open(() => context.newPage())
    await addRecording(app, page, 'fits.wav', 20)
    await needModel(page)

    await addFiles(app, page, { 'too-large.wav': Buffer.alloc(24_000_000) })
    const refusal = page.getByRole('alert').filter({ hasText: 'too-large.wav was not added' })
    await expect(refusal).toContainText(/full|space/i)
    await expect(library(page).getByRole('button', { name: /^too-large/ })).toHaveCount(0)
    const files = await readdir(home, { recursive: true })
    expect(files.filter((name) => name.endsWith('.part') || name.includes('too-large'))).toEqual([])

    const { bavail, bsize } = await statfs(home)
    const filler = join(home, 'filler')
    await writeFile(filler, Buffer.alloc(bavail * bsize - 500_000))
    await setNumber(page, 'Iterations', 2)
    await enhanceButton(page).click()
    await expect(page.getByRole('alert').filter({ hasText: /failed/ })).toContainText(/full|space/i, {
      timeout: 30_000,
    })
    expect((await readdir(home, { recursive: true })).filter((name) => name.endsWith('.part'))).toEqual([])

    await rm(filler)
    await page.getByRole('tab', { name: /^Queue/ }).click()
    await queue(page)
      .getByRole('button', { name: /^Run .* again$/ })
      .click()
    await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 30_000 })
  } finally {
    await app.close()
    await run('umount', [home])
    await rmdir(home)
  }
})
