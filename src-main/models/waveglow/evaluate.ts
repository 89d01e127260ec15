import { basename } from 'node:path'
import { z } from 'zod'
import { openDevice, precisions } from '../../compute'
import { joinSignals } from '../../dsp'
import { NagareError } from '../../lib/errors'
import { openPack } from '../../packs'
import type { EvaluateContext, Evaluation } from '../family'
import { recordingsIn } from '../recordings'
import { copySynthesis, griffinLimSynthesis, type CopyDistance, type Synthesis } from './copy-synthesis'
import { vocoderModel } from './model'
import { openVocoder } from './vocoder'

const Options = z
  .object({
    sigma: z.coerce.number().min(0).max(2).default(0.6),
    denoise: z.coerce.number().min(0).max(10).default(0),
    /** Recordings that are taken, evenly from the list by name; all, if left out. */
    recordings: z.coerce.number().int().min(1).optional(),
    /** Seconds taken of each. */
    seconds: z.coerce.number().min(0.1).max(600).default(30),
    /** Iterations of Griffin-Lim. */
    iterations: z.coerce.number().int().min(1).max(10_000).default(60),
    precision: z.enum(precisions).default('float32'),
  })
  .strict()

/** Names and units of the figures, as `metrics` has them. */
const figures: readonly [keyof CopyDistance, string, string][] = [
  ['logMel', 'log-mel distance', 'nats'],
  ['convergence', 'spectral convergence', ''],
  ['logMagnitude', 'log-magnitude distance', 'nats'],
  ['cents', 'F0 error', 'cents'],
  ['fineCents', 'F0 error without slips', 'cents'],
  ['gross', 'F0 slips', '%'],
  ['voicing', 'voicing error', '%'],
  ['rtf', 'wall time', 's per s of audio'],
]

/**
 * Copy synthesis of the recordings below `data` by the pack's vocoder and by Griffin-Lim, in one table. Of the recordings, those that the pack's card names as held out
 * are taken; all, where it names none of them. Throws `bad-input` for settings it does not know and where there is no sound.
 */
export async function evaluateWaveGlow(context: EvaluateContext): Promise<Evaluation> {
  const { data, seed, progress, checkCancelled } = context
  const options = readOptions(context.set)
  const pack = await openPack(context.pack)
  const model = vocoderModel(pack)
  const all = await recordingsIn(data)
  const held = heldOut(all, pack.manifest.provenance.notes)
  const files = evenly(held.length > 0 ? held : all, options.recordings)
  const device = await openDevice(context.device, { precision: options.precision, fallback: context.fallback })

  const { sigma, denoise, iterations, seconds } = options
  const waveGlow: Synthesis = {
    name: 'WaveGlow',
    async open(index) {
      const vocoder = await openVocoder(device, model, { sigma, denoise, seed: seed + index, step: checkCancelled })
      return {
        synthesize: async (mel) => joinSignals([await vocoder.push(mel), await vocoder.flush()]),
        dispose: () => vocoder.dispose(),
      }
    },
  }
  const baseline = griffinLimSynthesis(model.frontEnd, { iterations, seed, step: checkCancelled })
  const methods = [waveGlow, baseline]
  const { rows, means } = await copySynthesis(files, model.frontEnd, methods, {
    root: data,
    seconds,
    progress,
    checkCancelled,
  })

  const which = held.length > 0 ? "that the pack's card names as held out" : 'none of which the card names as held out'
  return {
    protocol:
      `Copy synthesis of ${files.length} of the ${all.length} recordings in ${basename(data)}, ${which}, at most ${seconds} s of each, at ${model.frontEnd.sampleRate} Hz; ` +
      `WaveGlow: σ ${sigma}, denoiser ${denoise}, seeds ${seed}…${seed + files.length - 1}${options.precision === 'float32' ? '' : `, computed in ${options.precision}`}; ` +
      `Griffin-Lim: ${iterations} iterations on non-negative magnitudes from the same mel. Log-mel: mean absolute difference; STFT: 512, 1024 and 2048 points ` +
      `(Yamamoto et al. 2020); F0: YIN, 60–600 Hz, frames voiced in both, slips are off by over 20 %. Means over recordings.`,
    metrics: methods.flatMap(({ name }) =>
      figures
        .map(([key, label, unit]) => ({ name: `${name}: ${label}`, value: means[name]![key], unit }))
        .filter(({ value }) => Number.isFinite(value)),
    ),
    rows,
  }
}

function readOptions(set: Record<string, string>) {
  const options = Options.safeParse(set)
  if (options.success) return options.data
  const { path, message } = options.error.issues[0]!
  throw new NagareError('bad-input', `--set${path.map((key) => ` ${String(key)}`).join('')}: ${message}.`)
}

/** Those of `files` whose name the notes of a pack's card list behind "Held out:". */
export function heldOut(files: readonly string[], notes: string): string[] {
  const list = /Held out: (.*?)(?:\.\s|\.?$)/s.exec(notes)?.[1]
  if (list === undefined) return []
  const names = new Set(list.split(', '))
  return files.filter((file) => names.has(basename(file)))
}

/** `count` of `files`, evenly spaced. */
function evenly(files: readonly string[], count = files.length): string[] {
  const taken = Math.min(count, files.length)
  return Array.from({ length: taken }, (_, i) => files[Math.floor((i * files.length) / taken)]!)
}
