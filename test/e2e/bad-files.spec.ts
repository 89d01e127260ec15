import { addFiles, addRecording, noisyWav } from './window'
import { expect, test } from './fixtures'

const header = (change: (bytes: Buffer) => void) => {
  const bytes = noisyWav(0.2)
  change(bytes)
  return bytes
}

const refused: Record<string, Buffer> = {
  'empty.wav': Buffer.alloc(0),
  'text.wav': Buffer.from('Dear diary, today I recorded nothing at all.\n'.repeat(20)),
  'no-channels.wav': header((bytes) => bytes.writeUInt16LE(0, 22)),
}

for (const [name, bytes] of Object.entries(refused))
  test(`${name} is refused with a reason, and the engine lives on`, async ({ app, page }) => {
    const before = await app.enginePid()
    await addFiles(app, page, { [name]: bytes })
    const notice = page.getByRole('alert').filter({ hasText: `${name} was not added` })
    await expect(notice).toBeVisible()
    await expect(notice.getByRole('button', { name: 'Copy report' })).toBeVisible()
    await expect(
      page.getByRole('navigation', { name: 'Library' }).getByRole('button', { name: new RegExp(`^${name}`) }),
    ).toHaveCount(0)
    expect(await app.enginePid()).toBe(before)
  })

test('pictures that are none and unknown files are named, and good ones beside them are taken', async ({
  app,
  page,
}) => {
  await addFiles(app, page, {
    'cat.png': Buffer.from('png'),
    'notes.txt': Buffer.from('notes'),
    'good.wav': noisyWav(1),
  })
  await expect(page.getByText('cat.png was not added')).toBeVisible()
  await expect(page.getByText('notes.txt is not a kind of file that Nagare reads')).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue('good.wav')
})

test('a recording of five milliseconds is drawn', async ({ app, page }) => {
  await addRecording(app, page, 'click.wav', 0.005)
})
