import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'electron-vite'
import { resolve } from 'node:path'

const root = import.meta.dirname
const at = (path: string) => resolve(root, path)
const alias = { '@contract': at('src-main/contract/index.ts') }

export default defineConfig({
  main: {
    resolve: { alias, mainFields: ['module', 'main'] },
    build: {
      // The same bundle runs in Electron and under plain Node 20 (host, engine, command line).
      target: 'node20',
      outDir: 'out/main',
      rolldownOptions: {
        input: {
          main: at('src-main/main.ts'),
          engine: at('src-main/engine/entry.ts'),
          worker: at('src-main/jobs/worker.ts'),
          live: at('src-main/engine/live/worker.ts'),
          probe: at('src-main/compute/devices/probe-entry.ts'),
          host: at('src-main/host/entry.ts'),
          cli: at('src-main/cli/entry.ts'),
          bench: at('test/bench/entry.ts'),
        },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: at('src-main/shell/preload.ts') },
        // A sandboxed preload must be CommonJS and named so.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: at('src-renderer'),
    resolve: { alias },
    plugins: [svelte({ configFile: at('svelte.config.js') })],
    build: {
      outDir: at('out/renderer'),
      minify: true,
      rolldownOptions: { input: at('src-renderer/index.html') },
    },
  },
})
