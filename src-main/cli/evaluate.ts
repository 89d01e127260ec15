import { writeFileAtomic } from '../lib/atomic-file'
import { NagareError } from '../lib/errors'
import { family, kinds } from '../models/registry'
import { commonOptions, needed, pairs, seedOf, text, type Command } from './command'
import { recordMetrics } from '../packs'
import { outputPath } from './outputs'
import { findPackOfKind } from './places'

const usage = 'nagare evaluate KIND --data DIR [--model PACK] [--set key=value …] [-o TABLE.json] [--record]'

export const evaluate: Command = {
  name: 'evaluate',
  usage,
  summary: 'Measure a model by a named protocol',
  words: 1,
  help: {
    KIND: kinds.join(', '),
    '--data DIR':
      'test material, laid out as the kind needs: vae-nmf takes speech/<speaker>/… and noise/…, detectors take a folder as in training',
    '--model PACK': 'a model pack, by path or by its name in `nagare models`',
    '--set key=value': 'a setting of the protocol or of the method; may be given several times',
    '-o, --out FILE': 'also write the JSON object to this file',
    '--record': "write the figures into the pack's card",
  },
  options: {
    ...commonOptions,
    data: { type: 'string' },
    model: { type: 'string' },
    out: { type: 'string', short: 'o' },
    set: { type: 'string', multiple: true },
    record: { type: 'boolean' },
  },
  async run({ values, positionals }, terminal) {
    const kind = positionals[0]
    if (!kind)
      throw new NagareError('bad-input', `evaluate needs a kind: ${kinds.join(', ')}.`, { hint: `Usage: ${usage}` })
    const model = family(kind)
    const given = text(values, 'out')
    const out = given === undefined ? undefined : await outputPath(given)
    const set = pairs(values)
    const pack = model.trainsToEvaluate?.(set) ? '' : await findPackOfKind([kind], text(values, 'model'))
    const evaluation = await model.evaluate({
      data: needed(values, 'data', usage),
      pack,
      set,
      seed: seedOf(values),
      device: text(values, 'device') ?? 'cpu',
      fallback: (reason) => terminal.note(reason),
      progress: (progress) => terminal.progress(progress),
      checkCancelled: () => terminal.checkCancelled(),
    })
    const json = { kind, ...evaluation }
    if (out) await writeFileAtomic(out, `${JSON.stringify(json, null, 2)}\n`)
    if (values['record'] && pack)
      await recordMetrics(
        pack,
        evaluation.metrics.map((metric) => ({ ...metric, protocol: evaluation.protocol })),
      )
    const rows = evaluation.rows.map((row) => Object.values(row).map(cell).join('  '))
    const head = Object.keys(evaluation.rows[0] ?? {}).join('  ')
    const metrics = evaluation.metrics.map(({ name, value, unit }) => `${name}: ${figure(value)} ${unit}`)
    return { json, text: [evaluation.protocol, '', head, ...rows, '', ...metrics].join('\n') }
  },
}

/** A number as a table has it: small ones with one place more. */
const figure = (value: number) => value.toFixed(Math.abs(value) < 1 ? 3 : 2)

const cell = (value: string | number) => (typeof value === 'number' ? figure(value).padStart(7) : value.padEnd(24))
