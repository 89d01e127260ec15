import { svelte } from '@sveltejs/vite-plugin-svelte'
import { playwright } from '@vitest/browser-playwright'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'
import { chromiumPath } from './build/chromium.mjs'

const root = import.meta.dirname
const alias = { '@contract': resolve(root, 'src-main/contract/index.ts') }

export default defineConfig({
  test: {
    projects: [
      {
        resolve: {
          alias: { ...alias, electron: resolve(root, 'test/helpers/electron-stand-in.ts') },
          mainFields: ['module', 'main'],
        },
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          environment: 'node',
          pool: 'forks',
          // Without a number one core is left idle, which is half of a small machine.
          maxWorkers: availableParallelism(),
          testTimeout: 60_000,
          env: { ORT_DISABLE_TELEMETRY: '1' },
          setupFiles: ['./test/helpers/allclose.ts'],
          server: { deps: { inline: [/@tensorflow/] } },
        },
      },
      {
        resolve: { alias },
        plugins: [svelte({ configFile: resolve(root, 'svelte.config.js') })],
        test: {
          name: 'component',
          include: ['test/component/**/*.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                executablePath: chromiumPath(),
                args: ['--no-sandbox', '--disable-quic', '--disable-background-networking'],
              },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
