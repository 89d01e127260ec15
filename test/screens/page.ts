import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { fileOf, screens, sizes, themes, type Screen } from './screens'
import { folder, mostBytes } from './shot'

const mostAltogether = 5_500_000

const head = `# Screens

Every screen at 1440 × 900 and 1024 × 700, light and dark; the main ones also in Japanese. \`npm run screens\` takes these pictures anew: it drives the built window with the
starter packs and the samples. Names of tests as arguments take only those (\`npm run screens -- -g gallery\`).
`

/** Writes `docs/screens.md` and checks that every picture it shows is there and small. */
export default async function writePage() {
  const names = Object.keys(screens) as Screen[]
  const files = new Set((await readdir(folder)).filter((name) => name.endsWith('.webp')))
  const bytes = await Promise.all([...files].map(async (name) => (await stat(join(folder, name))).size))
  const missing = names
    .flatMap((name) => sizes.flatMap(({ width }) => themes.map((theme) => fileOf(name, width, theme))))
    .filter((name) => !files.has(name))
  const parts = names.map((name) => {
    const [title, about] = screens[name]
    const picture = (width: number, look: Parameters<typeof fileOf>[2]) =>
      `![${title}, ${width} pixels wide, ${look}](screens/${fileOf(name, width, look)})`
    const rows = sizes.map(({ width }) => `| ${themes.map((theme) => picture(width, theme)).join(' | ')} |`)
    const japanese = fileOf(name, sizes[0].width, 'japanese')
    const more = files.has(japanese) ? `\n[In Japanese](screens/${japanese})\n` : ''
    return `## ${title}\n\n${about}\n\n| light | dark |\n| --- | --- |\n${rows.join('\n')}\n${more}`
  })
  const path = join(folder, '..', 'screens.md')
  const config = await resolveConfig(path)
  await writeFile(path, await format([head, ...parts].join('\n'), { ...config, parser: 'markdown' }))
  const total = bytes.reduce((sum, size) => sum + size, 0)
  const wrong = [
    ...(missing.length ? [`${missing.length} pictures are missing, first ${missing[0]}`] : []),
    ...(Math.max(...bytes) > mostBytes ? [`a picture has more than ${mostBytes} bytes`] : []),
    ...(total > mostAltogether ? [`all together have ${total} bytes, more than ${mostAltogether}`] : []),
  ]
  console.log(`docs/screens: ${files.size} pictures, ${(total / 1e6).toFixed(1)} MB`)
  if (wrong.length) throw new Error(`docs/screens: ${wrong.join('; ')}`)
}
