import { basename } from 'node:path'
import { NagareError } from '../lib/errors'
import { convert as task } from '../tasks/convert'
import { convertFile, voiceWords, type Converted } from '../tasks/convert/convert-file'
import { convertSettings, longestVoice, type ConvertSettings } from '../tasks/convert/settings'
import { runOnDevice } from '../tasks/run-on-device'
import type { TaskContext } from '../tasks/task'
import { commonOptions, needed, number, oneOf, seedOf, text, type Arguments, type Command } from './command'
import { formatFor, inputFile, otherThan, outputPath, soundFormats, soundName } from './outputs'
import { findPackOfKind } from './places'
import { duration } from './terminal'

const usage =
  'nagare convert IN -o OUT --to SPEAKER [--from SPEAKER] [--blend SPEAKER --share S] [--strength F] [--start S] [--end S] [--model PACK] [--no-normalize] [--format f32|s16|s24]'

/** Share of samples at full scale from which a source is said to be clipped. */
const clippedFrom = 0.001

export const convert: Command = {
  name: 'convert',
  usage,
  summary: 'Give a recording of a voice another voice',
  words: 1,
  help: {
    IN: 'a recording of a voice (WAV, FLAC, MP3 …; it is mixed to one channel)',
    '-o, --out OUT': 'the converted recording, .wav or .flac, at its own rate and length',
    '--to SPEAKER': 'the voice to convert to; `nagare models show PACK` lists them',
    '--from SPEAKER': "the model's voice that speaks; found by its likelihood if left out",
    '--blend SPEAKER': 'a second voice to mix in',
    '--share S': 'share of the second voice, 0 to 1 (0.5)',
    '--strength F': 'how far the voice moves, 0 to 1.5: 1 is the voice as learned, more goes beyond (1)',
    '--start S': 'second from which the recording is converted; the rest stays as it is',
    '--end S': 'second up to which it is converted',
    '--no-normalize': "keep the recording's level in place of a peak of 0.98; a stretch always keeps it",
    '--format F': 'samples of OUT: f32, s16 or s24 (.wav: f32; .flac: s24, or s16)',
    '--model PACK': 'a model pack, by path or by its name in `nagare models`',
  },
  options: {
    ...commonOptions,
    out: { type: 'string', short: 'o' },
    model: { type: 'string' },
    to: { type: 'string' },
    from: { type: 'string' },
    blend: { type: 'string' },
    share: { type: 'string' },
    strength: { type: 'string' },
    start: { type: 'string' },
    end: { type: 'string' },
    'no-normalize': { type: 'boolean' },
    format: { type: 'string' },
  },
  async run({ values, positionals: [given] }, terminal) {
    if (given === undefined)
      throw new NagareError('bad-input', 'convert needs a recording.', { hint: `Usage: ${usage}` })
    const out = soundName(needed(values, 'out', usage))
    const second = { min: 0, max: 1e9 }
    needed(values, 'to', usage)
    if (text(values, 'share') !== undefined && !text(values, 'blend'))
      throw new NagareError('bad-input', '--share is that of a second voice, and --blend is missing.', {
        hint: `Usage: ${usage}`,
      })
    const settings = convertSettings.parse({
      to: voice(values, 'to'),
      from: voice(values, 'from'),
      blend: voice(values, 'blend'),
      share: number(values, 'share', { min: 0, max: 1 }),
      strength: number(values, 'strength', { min: 0, max: 1.5 }),
      start: number(values, 'start', second),
      end: number(values, 'end', second),
      normalize: values['no-normalize'] !== true,
    })
    const format = formatFor(out, oneOf(values, 'format', soundFormats))
    const seed = seedOf(values)
    const pack = await findPackOfKind(task.packKinds, text(values, 'model'))
    const input = await inputFile(given)
    const output = await outputPath(out)
    await otherThan(input, output, out)

    let device = text(values, 'device') ?? 'cpu'
    let made: Converted | undefined
    const context: TaskContext<ConvertSettings> = {
      ...{ source: input, sourceName: basename(input), settings, pack, device, seed },
      output: () => output,
      progress: (progress) => terminal.progress(progress),
      checkCancelled: () => terminal.checkCancelled(),
    }
    const startedAt = performance.now()
    await runOnDevice(
      { run: async (each: typeof context) => (made = await convertFile(each, format)).outputs },
      context,
      {
        used(use) {
          if (use.fallback !== null) terminal.note(use.fallback)
          device = use.device
        },
      },
    )
    const { settings: used, channels, identified, likelihoods, clippedSource, seconds: materialSeconds } = made!
    const { from } = used
    const seconds = (performance.now() - startedAt) / 1000
    if (channels > 1) terminal.note(`${given} has ${channels} channels; they were mixed to one.`)
    if (clippedSource > clippedFrom)
      terminal.note(
        `${given} is clipped (${(100 * clippedSource).toFixed(1)} % at full scale); a voice suffers by that.`,
      )
    const rtf = seconds / materialSeconds
    const ratio = materialSeconds < 1 ? '' : `, ${rtf.toFixed(2)} × the sound's length`
    const took = seconds < 9.95 ? `${seconds.toFixed(1)} s` : duration(seconds)
    return {
      json: {
        ...{ task: task.id, pack, device, seed, settings: used, format, input, output },
        ...{ from, identified, likelihoods, channels, clippedSource, seconds, materialSeconds, rtf },
      },
      text: `${output}: ${from}${identified ? ', it seems,' : ''} as ${voiceWords(used)} (${took}${ratio})`,
    }
  },
}

/** The name of a voice; throws `bad-input` for one longer than any is. */
function voice(values: Arguments['values'], option: string): string | undefined {
  const given = text(values, option)
  if (given === undefined || given.length <= longestVoice) return given
  throw new NagareError(
    'bad-input',
    `--${option} must be the name of a voice, of at most ${longestVoice} characters, got ${given.length}.`,
  )
}
