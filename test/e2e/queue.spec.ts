import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { axe } from './axe'
import { addFiles, library, needModel, noisyWav, queue, setNumber } from './window'
import { expect, test } from './fixtures'

async function faults(page: Page) {
  const { violations } = await axe(page).analyze()
  return violations.filter(({ impact }) => impact !== 'minor').map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`)
}

/** What the rows are of, from top to bottom. */
const names = async (page: Page) => (await queue(page).locator('.name').allTextContents()).map((text) => text.trim())
const overall = (page: Page) => page.getByRole('region', { name: 'All jobs together' })

test('many files are worked on, in the order and at the time a person wants', async ({ app, page }) => {
  await addFiles(app, page, {
    'one.wav': noisyWav(2),
    'two.wav': noisyWav(2.5),
    'three.wav': noisyWav(3),
    'four.wav': noisyWav(3.5),
  })
  await expect(library(page).getByRole('button', { name: /^(one|two|three|four)\.wav/ })).toHaveCount(4)
  await needModel(page)
  await setNumber(page, 'Iterations', 2)

  await test.step('a paused queue only fills', async () => {
    await page.keyboard.press('Shift+Q')
    await page.getByRole('tab', { name: /^Queue/ }).click()
    await expect(overall(page)).toHaveAttribute('data-paused', 'true')
    await page.getByRole('button', { name: 'Work on all…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Work on many' })
    await expect(dialog.getByRole('checkbox')).toHaveCount(4)
    await dialog.getByRole('checkbox', { name: /^two/ }).uncheck()
    expect(await faults(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Enhance 3' }).click()
    await expect(dialog).toBeHidden()
    await expect(queue(page)).toHaveCount(3)
    await expect(overall(page)).toContainText('0 of 3 done')
    for (const row of await queue(page).all()) await expect(row).toHaveAttribute('data-state', 'queued')
  })

  await test.step('order is changed by buttons, keys and mouse', async () => {
    expect(await names(page)).toEqual(['one.wav', 'three.wav', 'four.wav'])
    await page.getByRole('button', { name: 'Move Enhance speech: four.wav up' }).click()
    await expect.poll(() => names(page)).toEqual(['one.wav', 'four.wav', 'three.wav'])
    await queue(page).nth(0).locator('.name').focus()
    await page.keyboard.press('Alt+ArrowDown')
    await expect.poll(() => names(page)).toEqual(['four.wav', 'one.wav', 'three.wav'])
    await queue(page).nth(2).dragTo(queue(page).nth(0))
    await expect.poll(() => names(page)).toEqual(['three.wav', 'four.wav', 'one.wav'])
    expect(await faults(page)).toEqual([])
  })

  await test.step('order and pause outlive the engine', async () => {
    await app.killEngine()
    await page.reload()
    await page.getByRole('tab', { name: /^Queue/ }).click()
    await expect(overall(page)).toHaveAttribute('data-paused', 'true')
    expect(await names(page)).toEqual(['three.wav', 'four.wav', 'one.wav'])
  })

  const nameOf = new Map<string, string>()
  for (const row of await queue(page).all())
    nameOf.set((await row.getAttribute('data-job'))!, (await row.locator('.name').textContent())!.trim())

  await test.step('going on, all is done in that order, and the end is told', async () => {
    await page.getByRole('button', { name: 'Go on' }).click()
    await expect(page.getByText('The queue is through')).toBeVisible({ timeout: 60_000 })
    await expect(page.getByText('3 results.')).toBeVisible()
    await expect(page.locator('li[data-state=done]')).toHaveCount(3)
    const lines = (await readFile(join(app.project, 'jobs.jsonl'), 'utf8')).trim().split('\n')
    const started = lines
      .map((line) => JSON.parse(line) as { type: string; job: string })
      .filter(({ type }) => type === 'started')
    expect(started.map(({ job }) => nameOf.get(job))).toEqual(['three.wav', 'four.wav', 'one.wav'])
    await expect(overall(page)).toBeHidden()
  })
})
