import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from './fixtures'
import { trainedPack, woven, stained } from './pictures'
import { addFiles } from './window'

test('a folder is watched: its pictures appear and are inspected, also after the engine starts again, until that is stopped', async ({
  app,
  page,
}) => {
  test.skip(app.kind === 'electron', 'the desktop asks for the folder by the system’s dialog too')
  const root = await mkdtemp(join(tmpdir(), 'nagare-watch-'))
  const folder = join(root, 'line 3')
  await mkdir(folder)
  await writeFile(join(folder, 'first.png'), await woven())
  await writeFile(join(folder, 'torn.png'), (await woven()).subarray(0, 300))
  await addFiles(app, page, { 'woven.nagare': await trainedPack() })
  await expect(page.getByText(/Model .* added/)).toBeVisible({ timeout: 60_000 })

  await page.keyboard.press('Control+Shift+F')
  const dialog = page.getByRole('dialog', { name: 'Watch a folder' })
  await dialog.getByRole('textbox', { name: 'Folder' }).fill(join(root, 'none'))
  await dialog.getByRole('combobox', { name: 'Inspected with' }).selectOption('Principal components')
  await dialog.getByRole('button', { name: 'Watch', exact: true }).click()
  await expect(dialog.getByRole('alert')).toContainText('none')
  await dialog.getByRole('textbox', { name: 'Folder' }).fill(folder)
  if (process.env['NAGARE_PICTURES'])
    await page.screenshot({ path: join(process.env['NAGARE_PICTURES'], 'watch-dialog.png') })
  await dialog.getByRole('button', { name: 'Watch', exact: true }).click()
  await expect(dialog).toBeHidden()

  const watched = page.getByRole('list', { name: 'Folders that are watched' })
  await expect(watched).toContainText('1 picture, 1 could not be read', { timeout: 60_000 })
  await expect(page.locator('.cell[data-verdict=normal], .cell[data-verdict=odd]')).toHaveCount(1, { timeout: 60_000 })
  await app.killEngine()
  await writeFile(join(folder, 'second.png'), await woven(stained))
  await expect(watched).toContainText('2 pictures', { timeout: 60_000 })
  await page.reload()
  await expect(page.getByText('second.png').first()).toBeVisible({ timeout: 60_000 })
  await page.keyboard.press('y')
  // The file that could not be read is still there with its reason.
  await expect(page.getByRole('option', { name: /torn\.png/ })).toBeVisible({ timeout: 60_000 })
  if (process.env['NAGARE_PICTURES'])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(process.env['NAGARE_PICTURES'], `watch-${colorScheme}.png`) })
    }
  await rename(folder, `${folder} away`)
  await expect(watched).toContainText('Cannot watch', { timeout: 60_000 })
  await rename(`${folder} away`, folder)
  await expect(watched).toContainText('Watching', { timeout: 60_000 })
  await watched.getByRole('button', { name: /^Stop watching/ }).click()
  await expect(watched).toBeHidden()

  await page.getByRole('option', { name: /torn\.png/ }).click()
  await page.keyboard.press('Delete')
  await expect(page.getByRole('option', { name: /torn\.png/ })).toBeHidden()
  await page.reload()
  await expect(page.getByText('second.png').first()).toBeVisible({ timeout: 60_000 })
  await page.keyboard.press('y')
  await expect(page.getByRole('option', { name: /first\.png/ })).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('option', { name: /torn\.png/ })).toBeHidden()
  await rm(root, { recursive: true, force: true })
})
