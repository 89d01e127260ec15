import type { Manifest } from '../packs'
import { nodeExample, pythonExample } from './export-examples'
import type { ExportRecord, GraphRecord, ValueRecord } from './export-record'

/** The README beside a pack's exported graphs. */
export function exportReadme(exported: ExportRecord, about: string, { description, frontEnd, provenance }: Manifest) {
  const { pack, opset, producer, graphs } = exported
  const data = provenance.data.map(({ name, licence, amount }) => `- ${name}: ${licence} (${amount})`)
  return `# ${pack.name}, as ONNX

${description}

${about}

- Standard ONNX, opset ${opset}; only ONNX's own operators. Written by ${producer} from a pack of kind \`${pack.kind}\`, sha256 of its card \`${pack.sha256}\`.
- Sides with a name (\`${openSide(graphs)}\`) may have any length. \`export.json\` holds what this page says, for programs; \`pack.json\` is the pack's card.
- Front end: ${Object.entries(frontEnd)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(', ')}.

${graphs.map(section).join('\n\n')}

## Python

\`pip install numpy onnxruntime\`, then in this folder:

\`\`\`python
${pythonExample(exported)}
\`\`\`

## Node

\`npm install onnxruntime-node\`, then in this folder, as \`example.mjs\`:

\`\`\`js
${nodeExample(exported)}
\`\`\`

## Licence

The weights: ${pack.licence}.${data.length > 0 ? ` They were learned from:\n\n${data.join('\n')}` : ''}
`
}

const openSide = (graphs: readonly GraphRecord[]) =>
  graphs.flatMap(({ inputs }) => inputs.flatMap(({ shape }) => shape)).find((side) => typeof side === 'string') ?? '…'

const section = ({ file, data, description, inputs, outputs }: GraphRecord) => `## ${file}

${description}${data === undefined ? '' : ` Its weights are in \`${data}\`, which belongs beside it.`}

|        | name | type | shape | unit | meaning |
| ------ | ---- | ---- | ----- | ---- | ------- |
${[...inputs.map((value) => row('input', value)), ...outputs.map((value) => row('output', value))].join('\n')}`

const row = (kind: string, { name, dtype, shape, unit, meaning }: ValueRecord) =>
  `| ${[kind, `\`${name}\``, dtype, `[${shape.join(', ')}]`, unit ?? '', meaning].map(cell).join(' | ')} |`

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('\n', ' ')
