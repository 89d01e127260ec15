import { defineConfig } from '@playwright/test'
import { chromiumPath } from './build/chromium.mjs'

const executablePath = chromiumPath()

/** The same scripts twice: against the Node host in Chromium, and against Electron where its binary is installed. */
export default defineConfig<object, { host: 'browser' | 'electron' }>({
  testDir: 'test/e2e',
  outputDir: 'test-results',
  // Each file has an app of its own; two at a time keep two cores busy.
  workers: 2,
  timeout: 150_000,
  expect: { timeout: 10_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  use: {
    viewport: { width: 1280, height: 800 },
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(executablePath ? { executablePath } : {}),
      args: [
        '--no-sandbox',
        '--disable-quic',
        '--disable-background-networking',
        '--autoplay-policy=no-user-gesture-required',
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
      ],
    },
  },
  projects: [
    { name: 'browser', use: { host: 'browser' } },
    { name: 'electron', use: { host: 'electron' } },
  ],
})
