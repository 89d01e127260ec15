import { dirname } from 'node:path'
import { softwareVulkan } from '../helpers/software-vulkan'
import { expect, test } from './fixtures'
import { addRecording, enhanceButton, lane, needModel, setNumber } from './window'

const icd = softwareVulkan()
test.skip(!icd, 'no software Vulkan driver; Chromium brings one')
test.use({
  start: {
    // Chromium brings the loader too; the system may have none.
    env: {
      VK_ICD_FILENAMES: icd ?? '',
      LD_LIBRARY_PATH: [dirname(icd ?? ''), process.env['LD_LIBRARY_PATH']].join(':'),
    },
  },
})

test('a software driver is marked, never taken by itself, and used when chosen', async ({ app, page }) => {
  test.setTimeout(180_000)
  await addRecording(app, page, 'slow.wav', 1)
  await needModel(page)
  const details = page.getByRole('region', { name: 'This result' })
  const enhance = async () => {
    await setNumber(page, 'Iterations', 1)
    await enhanceButton(page).click()
  }

  await enhance()
  await expect(lane(page, 'result').locator('[data-drawn=true]')).toBeVisible({ timeout: 60_000 })
  await expect(details).toContainText(/Device\s*CPU/)

  await page.keyboard.press('Control+,')
  const devices = page.getByRole('group', { name: 'Compute device' })
  const line = devices.locator('label').filter({ hasText: 'SwiftShader (software, no graphics card)' })
  await expect(line).toContainText('software driver: slower than the processor', { timeout: 45_000 })
  await expect(devices.getByRole('radio', { name: /^Automatic/ })).toBeChecked()
  await line.getByRole('radio').check()
  await page.keyboard.press('Escape')

  await enhance()
  await expect(details).toContainText(/Device\s*GPU \(WebGPU\)/, { timeout: 90_000 })
  await expect(page.getByRole('alert')).toHaveCount(0)
})
