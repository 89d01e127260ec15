import { basename } from 'node:path'
import { precisions } from '../compute'
import { NagareError } from '../lib/errors'
import { runOnDevice } from '../tasks/run-on-device'
import { vocode as task } from '../tasks/vocode'
import { vocodeSettings, type VocodeSettings } from '../tasks/vocode/settings'
import { vocodeFile, type Vocoded } from '../tasks/vocode/vocode-file'
import type { TaskContext } from '../tasks/task'
import { commonOptions, needed, number, oneOf, seedOf, text, type Command } from './command'
import { formatFor, inputFile, otherThan, outputPath, soundFormats, soundName, type SoundFormat } from './outputs'
import { findPackOfKind } from './places'
import { duration } from './terminal'

const usage = 'nagare vocode IN -o OUT [--model PACK] [--sigma S] [--denoise D] [--format f32|s16|s24] [--precision P]'

const defaults = vocodeSettings.parse({})

export const vocode: Command = {
  name: 'vocode',
  usage,
  summary: 'Make sound from mel spectrograms',
  words: 1,
  help: {
    IN: 'a recording (WAV, FLAC, MP3 …; it is mixed to one channel), or a mel spectrogram: .npy, [frames, mels] or [mels, frames]',
    '-o, --out OUT':
      "the sound, .wav or .flac; of a recording at its own rate and length, of a mel at the model's rate",
    '--sigma S': `spread of the noise that sound is made from, 0 to 1: lower is smoother (${defaults.sigma})`,
    '--denoise D': `how much of the model's own hum is taken away, 0 to 1 (${defaults.denoise})`,
    '--format F': 'samples of OUT: f32, s16 or s24 (.wav: f32; .flac: s24, or s16)',
    '--precision P': `how exactly the model computes: ${precisions.join(', ')} (${defaults.precision})`,
    '--model PACK': 'a model pack, by path or by its name in `nagare models`',
  },
  options: {
    ...commonOptions,
    out: { type: 'string', short: 'o' },
    model: { type: 'string' },
    sigma: { type: 'string' },
    denoise: { type: 'string' },
    format: { type: 'string' },
    precision: { type: 'string' },
  },
  async run({ values, positionals: [given] }, terminal) {
    if (given === undefined)
      throw new NagareError('bad-input', 'vocode needs a recording or a mel spectrogram.', { hint: `Usage: ${usage}` })
    const out = soundName(needed(values, 'out', usage))
    const settings = vocodeSettings.parse({
      sigma: number(values, 'sigma', { min: 0, max: 1 }),
      denoise: number(values, 'denoise', { min: 0, max: 1 }),
      precision: oneOf(values, 'precision', precisions),
    })
    const format = formatFor(out, oneOf(values, 'format', soundFormats))
    const seed = seedOf(values)
    const pack = await findPackOfKind(task.packKinds, text(values, 'model'))
    const input = await inputFile(given)
    const output = await outputPath(out)
    await otherThan(input, output, out)

    let device = text(values, 'device') ?? 'cpu'
    let made: Vocoded | undefined
    const context: TaskContext<VocodeSettings> = {
      ...{ source: input, sourceName: basename(input), settings, pack, device, seed },
      output: () => output,
      progress: (progress) => terminal.progress(progress),
      checkCancelled: () => terminal.checkCancelled(),
    }
    const startedAt = performance.now()
    await runOnDevice(
      { run: async (each: typeof context) => (made = await vocodeFile(each, format)).outputs },
      context,
      {
        used(use) {
          if (use.fallback !== null) terminal.note(use.fallback)
          device = use.device
        },
      },
    )
    const { channels, peak, clipped, seconds: materialSeconds } = made!
    const seconds = (performance.now() - startedAt) / 1000
    if (channels > 1) terminal.note(`${given} has ${channels} channels; they were mixed to one.`)
    if (peak > 1) terminal.note(loud(peak, clipped, format))
    const rtf = materialSeconds > 0 ? seconds / materialSeconds : null
    const ratio = rtf === null || materialSeconds < 1 ? '' : ` (${rtf.toFixed(2)} × the sound's length)`
    return {
      json: {
        ...{ task: task.id, pack, device, seed, settings, format, input, output },
        ...{ channels, peak, clipped, seconds, materialSeconds, rtf },
      },
      text: `${output} in ${seconds < 9.95 ? `${seconds.toFixed(1)} s` : duration(seconds)}${ratio}`,
    }
  },
}

/** What became of sound that is louder than full scale. */
function loud(peak: number, clipped: number, format: SoundFormat): string {
  const reached = `The sound reaches ${peak.toFixed(2)} times full scale`
  if (format === 'f32') return `${reached}, which f32 keeps; players and other formats clip it.`
  return `${reached}; ${clipped} ${clipped === 1 ? 'sample was' : 'samples were'} clipped. f32 keeps them, a lower --sigma makes fewer.`
}
