import { family, kinds } from '../models/registry'
import { NagareError } from '../lib/errors'
import { writePack } from '../packs'
import { commonOptions, needed, number, text, type Command } from './command'

const usage = 'nagare import FILE --as KIND -o PACK [--config FILE] [--rate HZ]'

export const importFile: Command = {
  name: 'import',
  usage,
  summary: 'Turn a published checkpoint into a model pack',
  options: {
    ...commonOptions,
    as: { type: 'string' },
    out: { type: 'string', short: 'o' },
    config: { type: 'string' },
    rate: { type: 'string' },
  },
  async run({ values, positionals }) {
    const file = positionals[0]
    if (!file) throw new NagareError('bad-input', 'import needs a file.', { hint: `Usage: ${usage}` })
    const kind = text(values, 'as')
    if (!kind)
      throw new NagareError('bad-input', `--as is missing; it says what the file holds: ${kinds.join(', ')}.`, {
        hint: `Usage: ${usage}`,
      })
    const out = needed(values, 'out', usage)
    const rate = number(values, 'rate', { min: 1000, max: 384_000, integer: true })
    const { card, weights } = await family(kind).importFile(file, { config: text(values, 'config'), rate })
    await writePack(out, card, weights)
    const tensors = Object.keys(weights).length
    return {
      json: { pack: out, kind, tensors, name: card.name },
      text: `Imported ${file} as ${out} (${tensors} tensors).`,
    }
  },
}
