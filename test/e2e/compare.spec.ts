import type { Page } from '@playwright/test'
import { axe } from './axe'
import { addRecording, enhanceButton, heard, lane, needModel, playerTime, setNumber } from './window'
import { expect, test } from './fixtures'
import { tapSound } from './sound'

const results = (page: Page) => page.locator('li.current').getByRole('button', { name: /^Clean/ })

async function faults(page: Page) {
  const { violations } = await axe(page).analyze()
  return violations.filter(({ impact }) => impact !== 'minor').map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`)
}

/** Gains of the player's tracks, in their order, once they are at rest. */
async function restingGains(page: Page): Promise<number[]> {
  const gains = () =>
    page.evaluate(() =>
      (window as unknown as { tapped: { tracks: { gain: GainNode }[] } }).tapped.tracks.map(
        ({ gain }) => gain.gain.value,
      ),
    )
  let before: number[] = []
  await expect
    .poll(async () => {
      const now = await gains()
      const isAtRest = String(now) === String(before)
      before = now
      return isAtRest
    })
    .toBe(true)
  return before
}

const placeHeard = async (page: Page) => (await restingGains(page)).findIndex((gain) => gain !== 0)

/** Plays from the start, also where it had come to its end. */
async function replay(page: Page) {
  await page.keyboard.press('Home')
  const transport = page.getByRole('region', { name: 'Player' })
  if ((await transport.getAttribute('data-playing')) === 'false') await page.keyboard.press('Space')
  await expect(transport).toHaveAttribute('data-playing', 'true')
}

async function enhanced(page: Page, iterations: number, count: number) {
  await setNumber(page, 'Iterations', iterations)
  await enhanceButton(page).click()
  await expect(results(page)).toHaveCount(count, { timeout: 45_000 })
  await expect(lane(page, 'result')).toBeVisible()
  await expect(heard(page)).toHaveAttribute('data-heard', 'result')
}

test('all results stand side by side on one clock, one key each', async ({ app, page }) => {
  await tapSound(page)
  await addRecording(app, page, 'many.wav', 20)
  await needModel(page)
  await enhanced(page, 1, 1)
  await enhanced(page, 2, 2)

  await page.keyboard.press('k')
  await expect(page.locator('.lane')).toHaveCount(3)
  await expect(page.locator('.lane [data-drawn=true]')).toHaveCount(3)
  await page.keyboard.press('1')
  await replay(page)
  await expect.poll(() => playerTime(page)).toBeGreaterThan(0.3)
  for (const [key, place, details] of [
    ['2', 1, /Iterations\s*1/],
    ['3', 2, /Iterations\s*2/],
  ] as const) {
    const before = await playerTime(page)
    await page.keyboard.press(key)
    await expect.poll(() => placeHeard(page)).toBe(place)
    await expect(page.getByRole('region', { name: 'This result' })).toContainText(details)
    expect(await playerTime(page)).toBeGreaterThanOrEqual(before)
  }
  await page.keyboard.press('b')
  await expect.poll(() => placeHeard(page)).toBe(0)
  await page.keyboard.press('b')
  await expect.poll(() => placeHeard(page)).toBe(2)
  expect(await faults(page)).toEqual([])

  await test.step('what differs is heard and seen', async () => {
    await replay(page)
    await page.keyboard.press('d')
    // What is heard follows the key within a moment, and comes to rest there.
    await expect.poll(async () => (await restingGains(page)).map(Math.sign)).toEqual([1, 0, -1])
    const difference = page.getByRole('img', { name: 'Waveform of Original − Clean' })
    await expect(difference.locator('[data-drawn=true]')).toBeVisible()
    await page.keyboard.press('s')
    await expect(page.getByRole('img', { name: 'Spectrogram of Original − Clean' })).toBeVisible()
    await page.keyboard.press('s')
    await replay(page)
    await page.keyboard.press('d')
    await expect.poll(() => placeHeard(page)).toBe(2)
    await expect(difference).toBeHidden()
  })
  await page.keyboard.press('k')
  await expect(page.locator('.lane')).toHaveCount(3)
  await expect(lane(page, 'noise')).toBeVisible()
  await expect(heard(page)).toHaveAttribute('data-heard', 'result')
})

test('a blind test hides which is which until it is answered, and counts', async ({ app, page }) => {
  await tapSound(page)
  await addRecording(app, page, 'blind.wav', 15)
  await needModel(page)
  await enhanced(page, 1, 1)
  await page.keyboard.press('Shift+K')
  const card = page.getByRole('region', { name: 'Blind test' })
  await expect(card).toBeVisible()
  expect(await faults(page)).toEqual([])

  /** All that the document says, to eyes and to screen readers. */
  const said = () =>
    page.getByRole('main').evaluate((main) => {
      const names = [...main.querySelectorAll('*')].flatMap((node) => [...node.attributes].map(({ value }) => value))
      return [(main as HTMLElement).innerText, ...names].join('\n')
    })

  let correct = 0
  for (let question = 1; question <= 3; question++) {
    const before: string[] = []
    const places: number[] = []
    for (const key of ['1', '2', '3']) {
      await page.keyboard.press(key)
      places.push(await placeHeard(page))
      before.push(await said())
    }
    for (const text of before) expect(text).not.toMatch(/Clean|result\b.*heard|data-heard/)
    await expect(page.locator('.lane')).toHaveCount(0)
    const [a, b, x] = places
    expect([a, b].sort()).toEqual([0, 1])
    const isRight = question !== 2
    await page.keyboard.press((x === a) === isRight ? 'Shift+A' : 'Shift+B')
    correct += Number(isRight)
    await expect(card.getByText(isRight ? /^Correct: X was/ : /^Wrong: X was/)).toContainText(
      x === 0 ? 'Original' : 'Clean',
    )
    await expect(card.getByTestId('score')).toContainText(`${correct} of ${question} correct`)
    await page.keyboard.press('Shift+A')
    await expect(card.getByTestId('score')).toContainText(`${correct} of ${question} correct`)
    if (question === 1) expect(await faults(page)).toEqual([])
    await page.keyboard.press('Enter')
  }
  // 2 or 3 of 3 right: (3 + 1) / 8.
  await expect(card.getByTestId('score')).toContainText('0.500')
  await page.keyboard.press('Escape')
  await expect(card).toBeHidden()
  await expect(lane(page, 'original')).toBeVisible()
})

test('a result tells how it was made and fills the panel with it', async ({ app, page }) => {
  await addRecording(app, page, 'again.wav', 2)
  await needModel(page)
  await enhanced(page, 3, 1)
  const details = page.getByRole('region', { name: 'This result' })
  const seed = (await details.locator('dt:text-is("Seed") + dd').textContent())!
  for (const name of ['Model', 'Iterations', 'Seed', 'Device', 'Made', 'Took'])
    await expect(details.locator(`dt:text-is("${name}") + dd`)).toHaveText(/\S/)
  await expect(details.getByRole('button', { name: 'Copy as command' })).toBeVisible()
  await setNumber(page, 'Iterations', 7)
  await details.getByRole('button', { name: 'Run again with…' }).click()
  await expect(page.getByRole('spinbutton', { name: 'Iterations' })).toHaveValue('3')
  await expect(page.getByRole('spinbutton', { name: 'Seed' })).toHaveValue(seed)
  await page.keyboard.press('Enter')
  await expect(results(page)).toHaveCount(2, { timeout: 45_000 })
  await expect(details.locator('dt:text-is("Seed") + dd')).toHaveText(seed)
  await page.getByRole('button', { name: 'Take a new seed' }).click()
  await expect(page.getByRole('spinbutton', { name: 'Seed' })).toBeHidden()

  // The command stays with the result when the job is cleared from the queue.
  await page.getByRole('tab', { name: /^Queue/ }).click()
  await page
    .getByRole('button', { name: /^Remove .*again\.wav from the list/ })
    .first()
    .click()
  await page.getByRole('tab', { name: 'Task' }).click()
  await expect(details.getByRole('button', { name: 'Copy as command' })).toBeVisible()
})
