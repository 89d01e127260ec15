import { exportPack } from '../models/export-pack'
import type { GraphRecord, ValueRecord } from '../models/export-record'
import { family } from '../models/registry'
import { NagareError } from '../lib/errors'
import { openPack } from '../packs'
import { commonOptions, needed, type Command } from './command'
import { outputFolder } from './outputs'
import { findPack } from './places'

const usage = 'nagare export PACK --onnx DIR'

export const exportModel: Command = {
  name: 'export',
  usage,
  summary: "Write a model's networks as standard ONNX graphs",
  words: 1,
  help: {
    PACK: 'a model pack, by path or by its name in `nagare models`',
    '--onnx DIR': 'the folder for the graphs and a README with examples; made where it is missing',
  },
  options: { ...commonOptions, onnx: { type: 'string' } },
  async run({ values, positionals }, terminal) {
    const given = positionals[0]
    if (!given) throw new NagareError('bad-input', 'export needs a model pack.', { hint: `Usage: ${usage}` })
    const folder = await outputFolder(needed(values, 'onnx', usage))
    const pack = await openPack(await findPack(given))
    const record = await exportPack(family(pack.manifest.kind), pack, folder, {
      checkCancelled: () => terminal.checkCancelled(),
    })
    return {
      json: { path: pack.path, folder, ...record },
      text: [
        `Exported ${pack.manifest.name} to ${folder} (ONNX, opset ${record.opset}):`,
        ...record.graphs.map(line),
      ].join('\n'),
    }
  },
}

const line = ({ file, inputs, outputs }: GraphRecord) => `  ${file}  ${values(inputs)} → ${values(outputs)}`
const values = (list: readonly ValueRecord[]) =>
  list.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ')
