import { dirname, join, relative, resolve, sep } from 'node:path'

/** What each folder of src-main may import; lower layers come first, so no circle can arise. */
const layers = [
  ['contract', []],
  ['lib', []],
  ['dsp', ['contract', 'lib']],
  ['image', ['contract', 'lib']],
  ['packs', ['contract', 'lib']],
  ['files', ['packs', 'dsp', 'contract', 'lib']],
  ['compute', ['lib']],
  ['nn', ['compute', 'lib']],
  ['models', ['packs', 'nn', 'compute', 'dsp', 'image', 'contract', 'lib']],
  ['tasks', ['models', 'packs', 'compute', 'dsp', 'image', 'contract', 'lib']],
  ['project', ['packs', 'dsp', 'image', 'contract', 'lib']],
  ['jobs', ['project', 'tasks', 'packs', 'compute', 'contract', 'lib']],
  ['engine', ['jobs', 'project', 'tasks', 'packs', 'models', 'compute', 'dsp', 'image', 'contract', 'lib']],
  ['host', ['engine', 'files', 'contract', 'lib']],
  ['shell', ['engine', 'files', 'contract', 'lib']],
  [
    'cli',
    [
      'host',
      'engine',
      'jobs',
      'project',
      'tasks',
      'packs',
      'models',
      'compute',
      'dsp',
      'image',
      'files',
      'contract',
      'lib',
    ],
  ],
  ['main.ts', ['shell', 'engine', 'files', 'contract', 'lib']],
]
export const mayImport = new Map(layers)

/** Packages that only some folders may import. */
const packages = [
  { name: /^electron$/, only: ['shell', 'main.ts'] },
  { name: /^ws$/, only: ['engine', 'host'] },
  { name: /^onnxruntime-|^@tensorflow\//, only: ['compute', 'nn', 'models'] },
]

const isAppImport = (path) => path.startsWith('.') || path.startsWith('@contract')

/** Why the file at `from` (relative to the root) must not import `source`, or undefined when it may. */
export function wrongImport(from, source) {
  const [top, folder] = from.split('/')
  const target = source.startsWith('@contract') ? 'src-main/contract' : relativeTarget(from, source)
  if (top === 'src-renderer') {
    if (target?.startsWith('src-main') && !source.startsWith('@contract'))
      return 'The window imports from src-main only through @contract.'
    if (/^node:|^electron$/.test(source)) return `The window runs in a page: it cannot import ${source}.`
    return undefined
  }
  if (top !== 'src-main') return undefined
  if (!isAppImport(source)) {
    if (folder === 'contract' && source !== 'zod') return `The contract imports zod only, not ${source}.`
    const rule = packages.find(({ name }) => name.test(source))
    return rule && !rule.only.includes(folder) ? `Only ${rule.only.join(', ')} may import ${source}.` : undefined
  }
  if (target === 'package.json') return undefined
  const [targetTop, targetFolder] = target.split('/')
  if (targetTop !== 'src-main') return `src-main does not import from ${targetTop}.`
  if (folder === targetFolder) return undefined
  const allowed = mayImport.get(folder)
  if (!allowed) return `${folder} has no place in build/import-directions.mjs yet: give it one.`
  if (allowed.includes(targetFolder)) return undefined
  return `${folder} may import ${allowed.length ? allowed.join(', ') : 'no other folder'}, not ${targetFolder}.`
}

function relativeTarget(from, source) {
  return source.startsWith('.') ? join(dirname(from), source).split(sep).join('/') : undefined
}

/** ESLint rule: imports run one way. */
export const importDirections = {
  meta: { type: 'problem', schema: [], messages: { wrong: '{{why}}' } },
  create(context) {
    const from = relative(resolve(import.meta.dirname, '..'), context.filename)
      .split(sep)
      .join('/')
    const check = ({ source }) => {
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return
      const why = wrongImport(from, source.value)
      if (why) context.report({ node: source, messageId: 'wrong', data: { why } })
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    }
  },
}
