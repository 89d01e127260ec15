import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { prepare, root } from './prepare.mjs'

try {
  prepare()
} catch (thrown) {
  console.error(`nagare: ${thrown.message}`)
  process.exit(1)
}
const cli = join(root, 'out', 'main', 'cli.js')
process.argv[1] = cli
await import(pathToFileURL(cli).href)
