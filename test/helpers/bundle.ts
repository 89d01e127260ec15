import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'vite'

const root = resolve(import.meta.dirname, '../..')

/** Bundles TypeScript entries (name → path in the checkout) for plain Node; answers the folder with `<name>.mjs` and how to remove it. */
export async function bundle(entries: Record<string, string>): Promise<{ folder: string; remove(): Promise<void> }> {
  // Inside node_modules, so that packages are found from there.
  const cache = join(root, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'nagare-test-'))
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    resolve: { alias: { '@contract': join(root, 'src-main/contract/index.ts') }, mainFields: ['module', 'main'] },
    ssr: { noExternal: [/@tensorflow/] },
    build: {
      ssr: true,
      target: 'node20',
      outDir: folder,
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(root, path)])),
        output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunk-[hash].mjs' },
      },
    },
  })
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}
