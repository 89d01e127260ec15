import type { TrainContext } from '../models/family'
import { family, kinds } from '../models/registry'
import { basename, isAbsolute, sep } from 'node:path'
import { asNagareError, NagareError } from '../lib/errors'
import { readAbout } from './about'
import { commonOptions, needed, number, pairs, seedOf, several, text, type Command } from './command'
import { packOutput } from './outputs'
import { stopSoon } from './stop-soon'
import { duration } from './terminal'

const usage =
  'nagare train KIND --data DIR [--data DIR …] -o PACK [--preset NAME] [--steps N] [--resume] [--set key=value …] [--card FILE.json]'

export const train: Command = {
  name: 'train',
  usage,
  summary: 'Train a model on a folder of your own data',
  words: 1,
  help: {
    KIND: kinds.join(', '),
    '--data DIR': 'folder of training material; may be given several times, each with an equal share',
    '-o, --out PACK': 'the pack: one file where the name ends in .nagare, else a folder',
    '--preset NAME': 'a named set of settings; the first of the kind if left out',
    '--steps N': 'training steps',
    '--set key=value': 'one setting; may be given several times',
    '--resume': 'go on from the checkpoint of a stopped run',
    '--card FILE.json': 'name, description, licence and data licences for the card',
  },
  options: {
    ...commonOptions,
    data: { type: 'string', multiple: true },
    out: { type: 'string', short: 'o' },
    preset: { type: 'string' },
    steps: { type: 'string' },
    resume: { type: 'boolean' },
    set: { type: 'string', multiple: true },
    card: { type: 'string' },
  },
  async run({ values, positionals }, terminal) {
    const kind = positionals[0]
    if (!kind)
      throw new NagareError('bad-input', `train needs a kind: ${kinds.join(', ')}.`, { hint: `Usage: ${usage}` })
    const model = family(kind)
    const preset = text(values, 'preset') ?? model.presets[0]!
    if (!model.presets.includes(preset))
      throw new NagareError('bad-input', `${kind} has no preset ${preset}; there is: ${model.presets.join(', ')}.`)
    const data = several(values, 'data', usage)
    const output = await packOutput(needed(values, 'out', usage))
    const startedAt = performance.now()
    const set = pairs(values)
    const steps = number(values, 'steps', { min: 1, max: 1e9, integer: true })
    const seed = seedOf(values)
    const card = text(values, 'card')
    const about = card === undefined ? undefined : await readAbout(card)
    const words = [
      'nagare train',
      kind,
      data.map((folder) => `--data ${basename(folder)}`).join(' '),
      preset === model.presets[0] ? '' : `--preset ${preset}`,
      steps === undefined ? '' : `--steps ${steps}`,
    ]
    const command = [
      ...words,
      ...Object.entries(set).map(([key, value]) => `--set ${key}=${withoutFolder(value)}`),
      card === undefined ? '' : `--card ${basename(card)}`,
      `--seed ${seed}`,
      '-o PACK',
    ]
      .filter(Boolean)
      .join(' ')
    const options: TrainContext = {
      data,
      output,
      preset,
      set,
      steps,
      seed,
      command,
      about,
      resume: values['resume'] === true,
      device: text(values, 'device') ?? 'cpu',
      fallback: (reason) => terminal.note(reason),
      progress: (progress) => terminal.progress(progress),
      checkCancelled: () => terminal.checkCancelled(),
    }
    const result = await stopSoon(() => model.train(options), terminal).catch((thrown: unknown) => {
      const error = asNagareError(thrown)
      if (error.code !== 'cancelled') throw error
      throw new NagareError('cancelled', error.message, {
        hint: 'The same command with --resume goes on from the last checkpoint, if there is one yet.',
      })
    })
    const seconds = (performance.now() - startedAt) / 1000
    const figures = result.metrics
      .map(({ name, value, unit }) => `${name} ${value.toFixed(4)} ${unit}`.trim())
      .join(', ')
    return {
      json: { kind, pack: output, seconds, ...result },
      text: [
        `Trained ${output} in ${duration(seconds)}${result.steps > 0 ? ` (${result.steps} steps)` : ''}: ${figures}.`,
        ...(result.notes ?? []),
      ].join('\n'),
    }
  },
}

/** A setting as others are told it: of a path the file's name alone. */
const withoutFolder = (value: string) => (isAbsolute(value) || value.includes(sep) ? basename(value) : value)
