import { defineConfig } from '@playwright/test'
import type { Start } from '../e2e/fixtures'
import e2e from '../../playwright.config'

/** Takes the pictures of `docs/screens.md`; run on demand by `npm run screens`. */
export default defineConfig<object, { start: Start }>({
  testDir: '.',
  testMatch: '*.shots.ts',
  outputDir: '../../test-results/screens',
  globalTeardown: './page.ts',
  workers: 2,
  timeout: 300_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: { ...e2e.use, start: { settings: { theme: 'system', language: 'en' } } },
})
