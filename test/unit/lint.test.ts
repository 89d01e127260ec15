import { ESLint } from 'eslint'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mayImport, wrongImport } from '../../build/import-directions.mjs'

const root = resolve(import.meta.dirname, '../..')

describe('import directions', () => {
  it.each([
    ['src-main/dsp/stft.ts', '../lib/errors'],
    ['src-main/models/vae-nmf/train.ts', '../../nn'],
    ['src-main/engine/entry.ts', '../jobs/queue'],
    ['src-main/shell/window.ts', 'electron'],
    ['src-main/contract/calls.ts', 'zod'],
    ['src-main/engine/supervisor.ts', '@contract'],
    ['src-renderer/main.ts', '@contract'],
    ['src-renderer/App.svelte', './ui/Button.svelte'],
    ['test/unit/dsp/stft.test.ts', '../../../src-main/dsp/stft'],
  ])('let %s import %s', (from, source) => expect(wrongImport(from, source)).toBeUndefined())

  it.each([
    ['src-main/dsp/stft.ts', '../engine/supervisor', /not engine/],
    ['src-main/lib/errors.ts', '../contract/records', /no other folder/],
    ['src-main/nn/layers.ts', '../models/registry', /not models/],
    ['src-main/compute/program.ts', '@contract', /not contract/],
    ['src-main/contract/calls.ts', 'ws', /zod only/],
    ['src-main/contract/calls.ts', '../lib/errors', /not lib/],
    ['src-main/engine/entry.ts', 'electron', /Only shell/],
    ['src-main/host/host.ts', '../shell/window', /not shell/],
    ['src-main/tasks/enhance/run.ts', '../../jobs/queue', /not jobs/],
    ['src-main/brandnew/a.ts', '../lib/errors', /give it one/],
    ['src-main/cli/entry.ts', '../../src-renderer/main', /does not import from src-renderer/],
    ['src-renderer/main.ts', '../src-main/contract/calls', /only through @contract/],
    ['src-renderer/main.ts', 'node:fs', /page/],
  ])('stop %s importing %s', (from, source, why) => expect(wrongImport(from, source)).toMatch(why))

  it('have no circle between folders', () => {
    const seen = new Set<string>()
    for (const [folder, below] of mayImport) {
      for (const name of below) expect(seen, `${folder} → ${name}`).toContain(name)
      seen.add(folder)
    }
  })

  it('fire in the linter as it is configured', async () => {
    const eslint = new ESLint({ cwd: root })
    const lint = async (code: string, file: string) => {
      const [result] = await eslint.lintText(code, { filePath: join(root, file) })
      return result!.messages.map(({ ruleId }) => ruleId)
    }
    const bad = `export { supervise } from '../engine/supervisor'\n`
    expect(await lint(bad, 'src-main/dsp/bad.ts')).toEqual(['nagare/import-directions'])
    expect(await lint(bad, 'src-main/shell/good.ts')).toEqual([])
  }, 60_000)
})

describe('words of the window', () => {
  const eslint = new ESLint({ cwd: root })
  const lint = async (code: string, file: string) => {
    const [result] = await eslint.lintText(code, { filePath: join(root, file) })
    return result!.messages.map(({ ruleId }) => ruleId)
  }
  const imported = `import { text } from '../text/text.svelte'\n`

  it.each([
    ['a sentence in a template', 'ui/Bad.svelte', '<p>Nothing here</p>\n'],
    ['a name for screen readers', 'ui/Bad.svelte', '<button aria-label="Close">×</button>\n'],
    ['a label in an action', 'actions/bad.ts', `export const open = { id: 'open', label: () => 'Open a file' }\n`],
    ['a word in an action', 'actions/bad.ts', `export const undo = { id: 'undo', label: () => 'Undo' }\n`],
    ['a sentence around a value', 'state/bad.ts', 'export const removed = (name: string) => `Removed the ${name}`\n'],
  ])('do not stand in the code: %s', async (_what, file, code) =>
    expect(await lint(code, `src-renderer/${file}`)).toEqual(['nagare/no-sentences']),
  )

  it('stand in the dictionaries', async () =>
    expect(await lint(`export const words = { none: 'Nothing here' }\n`, 'src-renderer/text/en/words.ts')).toEqual([]))

  it.each([
    ['a constant of a module', 'actions/bad.ts', `${imported}export const label = text.ui.close\n`],
    ['a record of a module', 'actions/bad.ts', `${imported}export const open = { label: text.ui.close }\n`],
    [
      'a constant of a component',
      'ui/Bad.svelte',
      `<script>\n  ${imported}  const a = text.ui.close\n</script>\n\n{a}\n`,
    ],
  ])('are not frozen in one language: %s', async (_what, file, code) =>
    expect(await lint(code, `src-renderer/${file}`)).toEqual(['nagare/text-is-live']),
  )

  it.each([
    ['a function', 'actions/good.ts', `${imported}export const open = { label: () => text.ui.close }\n`],
    [
      'a template',
      'ui/Good.svelte',
      `<script>\n  ${imported}</script>\n\n<p title={text.ui.close}>{text.ui.undo}</p>\n`,
    ],
    [
      'derived',
      'ui/Good.svelte',
      `<script>\n  ${imported}  const a = $derived({ b: text.ui.close })\n</script>\n\n{a.b}\n`,
    ],
  ])('are read where a change is followed: %s', async (_what, file, code) =>
    expect(await lint(code, `src-renderer/${file}`)).toEqual([]),
  )

  it('are not taken from one dictionary', async () => {
    const code = `import { en } from '../text/en'\nexport const close = () => en.ui.close\n`
    expect(await lint(code, 'src-renderer/actions/bad.ts')).toEqual(['no-restricted-imports'])
  })
}, 60_000)

/** Every file of src-main with the files it imports by value. */
function importGraph(): Map<string, string[]> {
  const files = readdirSync(join(root, 'src-main'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, 'src-main', name))
  const known = new Set(files)
  const find = (from: string, source: string) => {
    const path = source === '@contract' ? join(root, 'src-main/contract/index') : resolve(dirname(from), source)
    return [`${path}.ts`, join(path, 'index.ts')].find((candidate) => known.has(candidate))
  }
  const statement = /^(?:import|export)\s(?!type\s)[^'"]*?from\s+'([^']+)'/gm
  return new Map(
    files.map((file) => [
      file,
      [...readFileSync(file, 'utf8').matchAll(statement)].flatMap((match) => find(file, match[1]!) ?? []),
    ]),
  )
}

describe('imports between files', () => {
  it('have no circles', () => {
    const graph = importGraph()
    const done = new Set<string>()
    const circles: string[] = []
    const visit = (file: string, path: string[]) => {
      const at = path.indexOf(file)
      if (at >= 0) circles.push([...path.slice(at), file].map((name) => relative(root, name)).join(' → '))
      if (at >= 0 || done.has(file)) return
      for (const next of graph.get(file) ?? []) visit(next, [...path, file])
      done.add(file)
    }
    for (const file of graph.keys()) visit(file, [])
    expect(graph.size).toBeGreaterThan(20)
    expect(circles).toEqual([])
  })
})
