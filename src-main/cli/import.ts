import { family, kinds } from '../models/registry'
import { NagareError } from '../lib/errors'
import { writePack } from '../packs'
import { commonOptions, needed, number, text, type Command } from './command'
import { inputFile, packOutput } from './outputs'

const usage = 'nagare import FILE --as KIND -o PACK [--config FILE] [--args FILE] [--rate HZ]'

const importable = kinds.filter((kind) => family(kind).importFile)

export const importFile: Command = {
  name: 'import',
  usage,
  summary: 'Turn a published checkpoint into a model pack',
  words: 1,
  help: {
    FILE: 'the published checkpoint',
    '--as KIND': `what it holds: ${importable.join(', ')}`,
    '-o, --out PACK': 'the pack: one file where the name ends in .nagare, else a folder',
    '--config FILE': "the checkpoint's own settings file, where the kind needs it",
    '--args FILE': "the run's arguments that were saved beside it (Blow: X.args.pt)",
    '--rate HZ': 'sample rate it was trained at, where the file does not say',
  },
  options: {
    ...commonOptions,
    as: { type: 'string' },
    out: { type: 'string', short: 'o' },
    config: { type: 'string' },
    args: { type: 'string' },
    rate: { type: 'string' },
  },
  async run({ values, positionals }) {
    const given = positionals[0]
    if (!given) throw new NagareError('bad-input', 'import needs a file.', { hint: `Usage: ${usage}` })
    const kind = text(values, 'as')
    if (!kind)
      throw new NagareError('bad-input', `--as is missing; it says what the file holds: ${importable.join(', ')}.`, {
        hint: `Usage: ${usage}`,
      })
    const { importFile: read } = family(kind)
    if (!read)
      throw new NagareError(
        'unsupported',
        `There are no foreign files of ${kind} to import; train it with \`nagare train ${kind}\`.`,
      )
    const out = await packOutput(needed(values, 'out', usage))
    const file = await inputFile(given)
    const rate = number(values, 'rate', { min: 1000, max: 384_000, integer: true })
    const { card, weights, files } = await read(file, {
      config: text(values, 'config'),
      args: text(values, 'args'),
      rate,
    })
    await writePack(out, card, weights, files)
    const tensors = Object.keys(weights).length
    return {
      json: { pack: out, kind, tensors, name: card.name },
      text: `Imported ${given} as ${out} (${tensors} tensors). ${card.provenance.notes}`,
    }
  },
}
