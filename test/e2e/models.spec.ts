import { access, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { addFiles, addRecording, enhanceButton, lane, needModel, queue, setNumber, starterPack } from './window'
import { expect, test } from './fixtures'

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

/** The models that come with Nagare, by the names on their cards. */
const starterNames = [
  'Brick surface',
  'Handwritten threes',
  'Grass surface',
  'Gravel surface',
  'Six voices',
  'Speech enhancer',
  'Small vocoder',
]

const dialog = (page: Page) => page.getByRole('dialog', { name: 'Models' })

test('a model is added, chosen and removed in the window; a damaged one is refused', async ({ app, page }) => {
  await addRecording(app, page, 'model.wav', 1)
  await needModel(page)
  const bytes = await readFile(starterPack)

  await test.step('the card tells what was measured', async () => {
    await page.keyboard.press('m')
    const starters = dialog(page).getByRole('article').filter({ hasText: 'Comes with Nagare' })
    await expect(starters.getByRole('heading', { level: 2 })).toHaveText(starterNames)
    const card = starters.filter({ hasText: 'vae-nmf' })
    await expect(card.getByRole('listitem').filter({ hasText: /^[\d.]+ dB\s*SI-SDR out$/ })).toBeVisible()
    await expect(starters.getByRole('button', { name: /^Remove/ })).toHaveCount(0)
    await starters.last().evaluate((card) => card.scrollIntoView({ block: 'start' }))
    await expect(dialog(page).getByRole('heading', { level: 1 })).toBeInViewport()
    await page.keyboard.press('Escape')
  })

  await addFiles(app, page, { 'my-voice.nagare': bytes })
  await expect(page.getByRole('status').filter({ hasText: /Model .* added/ })).toBeVisible()
  const choice = page.getByRole('combobox', { name: 'Model' })
  await expect(choice.getByRole('option')).toHaveCount(2)
  await choice.selectOption({ label: await choice.getByRole('option', { name: /my-voice/ }).innerText() })

  const damaged = Buffer.from(bytes)
  for (let i = 0; i < 64; i++) damaged[(bytes.length >> 1) + i]! ^= 0xff
  await addFiles(app, page, { 'damaged.nagare': damaged })
  await expect(page.getByRole('alert').filter({ hasText: 'damaged.nagare was not added' })).toBeVisible()
  await expect(choice.getByRole('option')).toHaveCount(2)

  await page.keyboard.press('m')
  const card = dialog(page).getByRole('article').filter({ hasText: 'Added by you' })
  await card.getByRole('button', { name: /^Remove/ }).click()
  const question = page.getByRole('dialog', { name: 'Remove this model?' })
  await question.getByRole('button', { name: 'Remove model' }).click()
  await expect(dialog(page).getByRole('article').getByRole('heading', { level: 2 })).toHaveText(starterNames)
  await page.keyboard.press('Escape')
  await expect(choice.getByRole('option')).toHaveCount(1)
  await expect(enhanceButton(page)).toBeEnabled()
})

test('the model chosen for a task stays over reloads and restarts, for as long as it is there', async ({
  app,
  page,
}) => {
  await addRecording(app, page, 'stays.wav', 1)
  await needModel(page)
  const choice = page.getByRole('combobox', { name: 'Model' })
  const usual = await choice.inputValue()
  await addFiles(app, page, { 'lasting.nagare': await readFile(starterPack) })
  await expect(choice.getByRole('option')).toHaveCount(2)
  await expect(choice).toHaveValue(usual)
  await choice.selectOption('lasting')
  await page.reload()
  await expect(choice).toHaveValue('lasting')

  await test.step('another task has its own', async () => {
    const task = page.getByRole('group', { name: 'What to do' })
    await task.getByText('Vocode').click()
    await expect(choice).not.toHaveValue('lasting')
    await task.getByText('Enhance').click()
    await expect(choice).toHaveValue('lasting')
  })

  await app.killEngine()
  await page.reload()
  await expect(choice).toHaveValue('lasting')

  await page.keyboard.press('m')
  const card = dialog(page).getByRole('article').filter({ hasText: 'Added by you' })
  await card.getByRole('button', { name: /^Remove/ }).click()
  await page.getByRole('dialog', { name: 'Remove this model?' }).getByRole('button', { name: 'Remove model' }).click()
  await page.keyboard.press('Escape')
  await expect(choice).toHaveValue(usual)
  await page.reload()
  await expect(choice).toHaveValue(usual)
  await expect(enhanceButton(page)).toBeEnabled()
})

test('a job that fails says why and what to do, can be reported, and run again', async ({ app, page, context }) => {
  if (app.kind === 'browser') await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await addRecording(app, page, 'failing.wav', 1)
  await needModel(page)
  const bytes = await readFile(starterPack)
  await addFiles(app, page, { 'fleeting.nagare': bytes })
  const choice = page.getByRole('combobox', { name: 'Model' })
  await expect(choice.getByRole('option')).toHaveCount(2)
  await choice.selectOption({ label: await choice.getByRole('option', { name: /fleeting/ }).innerText() })
  await setNumber(page, 'Iterations', 3)
  await rm(join(app.home, 'packs', 'fleeting.nagare'), { recursive: true })

  await enhanceButton(page).click()
  const notice = page.getByRole('alert').filter({ hasText: /failed/ })
  await expect(notice).toContainText('fleeting')
  await page.getByRole('tab', { name: /^Queue/ }).click()
  const row = queue(page).filter({ hasText: 'failing.wav' })
  await expect(row).toHaveAttribute('data-state', 'failed')
  await row.getByRole('button', { name: 'Copy report' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'Copied' })).toBeVisible()
  if (app.kind === 'browser') {
    const report = await page.evaluate(() => navigator.clipboard.readText())
    expect(report).toContain('fleeting')
    expect(report).toContain('"iterations":3')
  }

  await addFiles(app, page, { 'fleeting.nagare': bytes })
  await expect.poll(() => exists(join(app.home, 'packs', 'fleeting.nagare'))).toBe(true)
  await row.getByRole('button', { name: /^Run .* again$/ }).click()
  await expect(queue(page).filter({ hasText: 'failing.wav' }).first()).toHaveAttribute('data-state', 'done', {
    timeout: 30_000,
  })
  await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible()
})
