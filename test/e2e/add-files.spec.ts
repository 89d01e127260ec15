import { addFiles, heard, library, noisyWav } from './window'
import { expect, test } from './fixtures'

test('several files at once are all added, and the last is shown', async ({ app, page }) => {
  await addFiles(app, page, {
    'one.wav': noisyWav(0.5),
    'two.wav': noisyWav(0.6),
    'readme.txt': Buffer.from('no sound'),
    'three.wav': noisyWav(0.7),
  })
  for (const name of ['one', 'two', 'three'])
    await expect(library(page).getByRole('button', { name: new RegExp(`^${name}\\.wav`) })).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue('three.wav')
  await expect(page.getByText('readme.txt is not a kind of file that Nagare reads')).toBeVisible()
})

test('a pasted file is added, also when a field has the focus; a paste without one is explained', async ({
  app,
  page,
}) => {
  test.skip(app.kind === 'electron', 'a file made in the page has no path')
  const paste = (name?: string) =>
    page.evaluate(
      ({ name, base64 }) => {
        const clipboardData = new DataTransfer()
        if (name) clipboardData.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name))
        const target = document.activeElement ?? document.body
        target.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
      },
      { name, base64: noisyWav(0.5).toString('base64') },
    )
  const field = page.getByRole('textbox', { name: 'Name of the recording' })
  await paste('pasted.wav')
  await expect(field).toHaveValue('pasted.wav')
  await expect(heard(page)).toHaveAttribute('data-heard', 'original')
  await field.focus()
  await paste()
  await expect(page.getByText('There is no file on the clipboard')).toBeHidden()
  await paste('pasted again.wav')
  await expect(field).toHaveValue('pasted again.wav')
  await field.blur()
  await paste()
  await expect(page.getByText('There is no file on the clipboard')).toBeVisible()
})

test('a very long name and a narrow window leave everything in view', async ({ app, page }) => {
  const name = `${'A panel discussion at the harbour '.repeat(5)}${'x'.repeat(40)}.wav`
  await addFiles(app, page, { [name.slice(-200)]: noisyWav(0.5) })
  await expect(page.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue(/x\.wav$/)
  for (const size of [
    { width: 1440, height: 900 },
    { width: 1024, height: 700 },
    { width: 800, height: 600 },
  ]) {
    await page.setViewportSize(size)
    const outside = await page.evaluate(() =>
      [...document.querySelectorAll('header, header button, .transport, .transport button, .side button')]
        .map((node) => node.getBoundingClientRect())
        .filter(({ width, left, right }) => width > 0 && (left < 0 || right > innerWidth + 0.5)),
    )
    // The library's drawer is outside on purpose while it is closed; none of these lies in it.
    expect(outside).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width)
  }
})
