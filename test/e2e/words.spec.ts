import type { Page } from '@playwright/test'
import { axe } from './axe'
import { expect, test } from './fixtures'
import { lane, library } from './window'

async function faults(page: Page) {
  const { violations } = await axe(page).analyze()
  return violations
    .filter(({ impact }) => impact !== 'minor')
    .map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(' | ')}`)
}

const names = {
  en: {
    ...{ open: 'Open a file', settings: 'Settings', language: 'Language', commands: 'Commands', task: 'Task' },
    ...{ find: 'Find a command, something in the library, or a setting', keys: 'Keyboard shortcuts' },
  },
  ja: {
    ...{ open: 'ファイルを開く', settings: '設定', language: '言語', commands: 'コマンド', task: '処理' },
    ...{ find: 'コマンド、ライブラリの項目、設定を検索', keys: 'キーボードショートカット' },
  },
}
type Names = (typeof names)['en']

/** Chooses a language by its own name in the settings that are open. */
const speak = (page: Page, { language }: Names, name: string) =>
  page.getByRole('combobox', { name: language }).selectOption(name)

async function openSettings(page: Page, { settings }: Names) {
  await page.keyboard.press('Control+,')
  await expect(page.getByRole('dialog', { name: settings })).toBeVisible()
}

test('the window changes its language at once, says so to screen readers, and keeps it', async ({ page }) => {
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await openSettings(page, names.en)
  await speak(page, names.en, '日本語')
  await expect(page.locator('html')).toHaveAttribute('lang', 'ja')
  await expect(page.getByRole('dialog', { name: names.ja.settings })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name: names.ja.open }).first()).toBeVisible()
  await expect(page.getByRole('button', { name: 'キーボードショートカット (?)' })).toHaveCount(0)
  expect(await page.locator('body').innerText()).not.toMatch(/\b(Open|Record|Drop|Settings)\b/)

  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('lang', 'ja')
  await expect(page.getByRole('button', { name: names.ja.open }).first()).toBeVisible()
  await openSettings(page, names.ja)
  await speak(page, names.ja, 'English')
  await expect(page.getByRole('dialog', { name: names.en.settings })).toBeVisible()
  await speak(page, names.en, 'system')
})

test.describe('in a Japanese system', () => {
  test.use({ locale: 'ja-JP' })

  test('the window speaks Japanese by itself', async ({ page }) => {
    await expect(page.locator('html')).toHaveAttribute('lang', 'ja')
    await expect(page.getByRole('heading', { name: '録音または画像をドロップ' })).toBeVisible()
  })
})

test('the palette finds actions by keyboard, in either language, and remembers them', async ({ page }) => {
  await expect(page.getByRole('button', { name: 'Open a file' }).first()).toBeVisible()
  const palette = page.getByRole('dialog', { name: 'Commands' })
  const box = palette.getByRole('combobox')
  const chosen = palette.getByRole('option', { selected: true })

  await page.keyboard.press('Control+k')
  await expect(box).toBeFocused()
  await page.keyboard.type('models')
  await expect(chosen).toHaveText(/^\s*Models/)
  await page.keyboard.press('Enter')
  await expect(palette).toBeHidden()
  await expect(page.getByRole('dialog', { name: 'Models' })).toBeVisible()
  await page.keyboard.press('Escape')
  // Keys are the dialog's until it is gone.
  await expect(page.locator('dialog')).toHaveCount(0)

  await page.keyboard.press('Control+Shift+P')
  await expect(chosen).toHaveText(/^\s*Models/)
  await page.keyboard.type('再生')
  await expect(chosen).toHaveAttribute('aria-disabled', 'true')
  await page.keyboard.press('Enter')
  await expect(palette).toBeVisible()
  await box.fill('appearance dark')
  await expect(chosen).toHaveText(/^\s*Appearance: Dark/)
  await page.keyboard.press('Enter')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')

  await page.keyboard.press('Control+k')
  await expect(palette.getByRole('option').nth(1)).toHaveText(/^\s*Models/)
  await page.keyboard.press('End')
  await page.keyboard.press('ArrowUp')
  await expect(palette.getByRole('option').last()).toHaveAttribute('aria-selected', 'true')
  await expect(palette.getByRole('option').last()).toBeInViewport()
  await box.fill('appearance system')
  await page.keyboard.press('Enter')
  await expect(palette).toBeHidden()
})

test('the shortcut sheet is searched by name and by key', async ({ page }) => {
  await expect(page.getByRole('button', { name: 'Open a file' }).first()).toBeVisible()
  await page.keyboard.press('?')
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await expect(sheet.getByRole('textbox')).toBeFocused()
  await page.keyboard.type('ctrl+k')
  await expect(sheet.locator('dt')).toHaveText(['Find a command…'])
  await sheet.getByRole('textbox').fill('zoom')
  await expect(sheet.locator('dt')).toHaveText(['Zoom in', 'Zoom out'])
  await sheet.getByRole('textbox').fill('xyzzy')
  await expect(sheet.getByText('No shortcut matches')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
})

test('a press on the first page cleans a recording, and another finds a scratch', async ({ page }) => {
  test.setTimeout(120_000)
  await page.getByRole('button', { name: 'Clean a noisy recording' }).click()
  await expect(page.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue('Two voices and a tap.flac')
  await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 60_000 })

  await page.keyboard.press('Control+k')
  await page.keyboard.type('scratch wall')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('textbox', { name: 'Name of the picture' })).toHaveValue('Scratched bricks.png')
  await expect(page.getByRole('region', { name: 'Verdict' })).toContainText('Odd', { timeout: 60_000 })

  await page.keyboard.press('Control+k')
  await page.keyboard.type('two voices')
  await expect(page.getByRole('dialog').getByRole('option', { selected: true })).toHaveText(
    /^\s*Two voices and a tap\.flac/,
  )
  await page.keyboard.press('Enter')
  await expect(library(page).locator('.current')).toContainText('Two voices')
})

for (const [language, words] of Object.entries(names))
  for (const colorScheme of ['light', 'dark'] as const)
    test.describe(`in ${language}, ${colorScheme}`, () => {
      test.use({ locale: language === 'ja' ? 'ja-JP' : 'en-GB', colorScheme, viewport: { width: 1024, height: 700 } })

      test('no fault of access in the first page, the palette, the sheet, and the settings', async ({ page }) => {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme)
        await expect(page.locator('html')).toHaveAttribute('lang', language)
        await expect(page.getByRole('button', { name: words.open }).first()).toBeVisible()
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
        expect(await faults(page)).toEqual([])

        await page.keyboard.press('Control+k')
        await expect(page.getByRole('combobox', { name: words.find })).toBeFocused()
        expect(await faults(page)).toEqual([])
        await page.keyboard.type('redo')
        await expect(page.getByRole('dialog').getByRole('option', { selected: true })).toHaveAttribute(
          'aria-disabled',
          'true',
        )
        expect(await faults(page)).toEqual([])
        await page.keyboard.press('Escape')
        await expect(page.locator('dialog')).toHaveCount(0)

        for (const [keys, name] of [
          ['?', words.keys],
          ['Control+,', words.settings],
        ] as const) {
          await page.keyboard.press(keys)
          await expect(page.getByRole('dialog', { name })).toBeVisible()
          expect(await faults(page)).toEqual([])
          await page.keyboard.press('Escape')
          await expect(page.locator('dialog')).toHaveCount(0)
        }
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1024)
      })
    })
