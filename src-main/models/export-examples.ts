import type { ExportRecord, GraphRecord, ValueRecord } from './export-record'

/** Number that the examples give to each open length. */
export const exampleLength = 100

/** How a language says the lines of an example. */
interface Language {
  start(lengths: readonly string[]): string[]
  open(session: string, graph: GraphRecord): string
  array(variable: string, value: ValueRecord): string
  run(session: string, results: [string, string][], feeds: [string, string][]): string
  print(variable: string): string
}

const sides = (shape: ValueRecord['shape']) => shape.map((side) => String(side).replace('*', ' * '))
const list = (items: readonly string[]) => `[${items.join(', ')}]`

const python: Language = {
  start: (lengths) => [
    'import numpy as np',
    'import onnxruntime as ort',
    '',
    ...lengths.map((name) => `${name} = ${exampleLength}`),
  ],
  open: (session, { file }) => `${session} = ort.InferenceSession('${file}')`,
  array: (variable, { dtype, shape }) =>
    `${variable} = np.${dtype === 'float32' ? 'ones' : 'zeros'}(${list(sides(shape))}, np.${dtype === 'bool' ? 'bool_' : dtype})`,
  run: (session, results, feeds) => {
    const names = list(results.map(([name]) => `'${name}'`))
    const fed = feeds.map(([name, variable]) => `'${name}': ${variable}`).join(', ')
    return `${list(results.map(([, variable]) => variable))} = ${session}.run(${names}, {${fed}})`
  },
  print: (variable) => `print(${variable}.shape, ${variable}.flat[0])`,
}

const typedArrays = { float32: 'Float32Array', int32: 'Int32Array', bool: 'Uint8Array' }

const node: Language = {
  start: (lengths) => [
    "import * as ort from 'onnxruntime-node'",
    '',
    ...lengths.map((name) => `const ${name} = ${exampleLength}`),
  ],
  open: (session, { file }) => `const ${session} = await ort.InferenceSession.create('${file}')`,
  array: (variable, { dtype, shape }) => {
    const size = sides(shape).join(' * ') || '1'
    const data = `new ${typedArrays[dtype]}(${size})${dtype === 'float32' ? '.fill(1)' : ''}`
    return `const ${variable} = new ort.Tensor('${dtype}', ${data}, ${list(sides(shape))})`
  },
  run: (session, results, feeds) => {
    const record = (entries: [string, string][]) =>
      entries
        .map(([name, variable]) =>
          name === variable ? name : `${/^\w+$/.test(name) ? name : `'${name}'`}: ${variable}`,
        )
        .join(', ')
    return `const { ${record(results)} } = await ${session}.run({ ${record(feeds)} })`
  },
  print: (variable) => `console.log(${variable}.dims, ${variable}.data[0])`,
}

/** The example for Python, with NumPy and onnxruntime. */
export const pythonExample = (exported: ExportRecord) => example(exported, python)
/** The example for Node, an ES module with onnxruntime-node. */
export const nodeExample = (exported: ExportRecord) => example(exported, node)

/** Runs the graphs one after the other on inputs of ones (zeros where whole), and prints shape and first number of the last one's first output. */
function example({ graphs }: ExportRecord, language: Language): string {
  const inputs = graphs.flatMap((graph) => graph.inputs)
  const lengths = [...new Set(inputs.flatMap(({ shape }) => shape.flatMap((side) => nameIn(side))))]
  const taken = new Set([...reserved, ...lengths])
  const variable = (name: string) => {
    const base = name.replaceAll(/\W/g, '_')
    let free = base
    for (let i = 2; taken.has(free); i++) free = `${base}_${i}`
    taken.add(free)
    return free
  }
  const lines = language.start(lengths)
  const made = new Map<string, string>()
  for (const [i, graph] of graphs.entries()) {
    const session = variable(graph.file.replace(/\.onnx$/, ''))
    lines.push(language.open(session, graph))
    const feeds = graph.inputs.map((value): [string, string] => {
      const before = value.from === undefined ? undefined : made.get(value.from)
      if (before !== undefined) return [value.name, before]
      const fresh = variable(value.name)
      lines.push(language.array(fresh, value))
      return [value.name, fresh]
    })
    const later = graphs.slice(i + 1).flatMap((other) => other.inputs.flatMap(({ from }) => from ?? []))
    const wanted = graph.outputs.filter(({ name }) => later.includes(name))
    const results = (wanted.length > 0 ? wanted : graph.outputs.slice(0, 1)).map(({ name }): [string, string] => {
      made.set(name, variable(name))
      return [name, made.get(name)!]
    })
    lines.push(language.run(session, results, feeds))
    if (i === graphs.length - 1) lines.push(language.print(results[0]![1]))
  }
  return lines.join('\n')
}

/** Words that no variable of the examples may be. */
const reserved = ['np', 'ort', 'print', 'console', 'in', 'is', 'lambda', 'class', 'from', 'new', 'var', 'import']

const nameIn = (side: string | number): string[] =>
  typeof side === 'number' ? [] : [/[a-z]\w*/i.exec(side)?.[0] ?? []].flat()
