import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { asNagareError, NagareError } from '../../lib/errors'
import { MelFrontEnd } from './config'

/** The network's sizes as NVIDIA's scripts name them, in `waveglow_config`, in a checkpoint's `config`, and as attributes of the module. */
const NetworkSettings = z.object({
  n_mel_channels: z.int().optional(),
  n_flows: z.int().optional(),
  n_group: z.int().optional(),
  n_early_every: z.int().optional(),
  n_early_size: z.int().optional(),
  WN_config: z
    .object({ n_layers: z.int().optional(), n_channels: z.int().optional(), kernel_size: z.int().optional() })
    .optional(),
  /** Ours: the halves of odd flows are swapped, as in `glow_old.py`. State dicts do not say so themselves. */
  swap_halves: z.boolean().optional(),
})
export type NetworkSettings = z.infer<typeof NetworkSettings>

/** The front end's settings as NVIDIA's scripts name them, in `data_config`. */
const DataSettings = z.object({
  sampling_rate: z.number().optional(),
  filter_length: z.int().optional(),
  hop_length: z.int().optional(),
  win_length: z.int().optional(),
  mel_fmin: z.number().optional(),
  mel_fmax: z.number().nullish(),
})
export type DataSettings = z.infer<typeof DataSettings>

export interface ImportSettings {
  /** Where they stand, for messages. */
  from: string
  network: NetworkSettings
  data: DataSettings
}

/** Reads NVIDIA's `config.json`, whole or only its `waveglow_config`. Throws `bad-input` naming what it cannot use. */
export async function readSettings(path: string): Promise<ImportSettings> {
  let json: unknown
  try {
    json = JSON.parse(await readFile(path, 'utf8'))
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw asNagareError(thrown, path)
    throw new NagareError('bad-input', `${path} is no JSON: ${thrown.message}.`, { file: path })
  }
  const settings = parseSettings(json, path)
  if (Object.keys({ ...settings.network, ...settings.data }).length === 0)
    throw new NagareError('bad-input', `${path} holds none of WaveGlow's settings (n_flows, sampling_rate …).`, {
      file: path,
      hint: 'Give the config.json that the checkpoint was trained with.',
    })
  return settings
}

/** Settings out of plain data found in `from`. */
export function parseSettings(value: unknown, from: string): ImportSettings {
  const parsed = z.record(z.string(), z.unknown()).safeParse(value)
  if (!parsed.success) throw new NagareError('bad-input', `${from}: expected a JSON object of settings.`)
  const whole = parsed.data
  const { network, data } = {
    network: NetworkSettings.safeParse(whole['waveglow_config'] ?? whole),
    data: DataSettings.safeParse(whole['data_config'] ?? whole),
  }
  const issue = network.error?.issues[0] ?? data.error?.issues[0]
  if (issue) throw new NagareError('bad-input', `${from}: ${[...issue.path, issue.message].join(': ')}.`)
  return { from, network: network.data!, data: data.data! }
}

/** The front end that the settings describe, the public defaults where they are silent; `rate` (Hz) goes before theirs. */
export function frontEndOf(
  { from, data }: ImportSettings,
  { mels, hop, rate }: { mels: number; hop: number; rate: number | undefined },
): MelFrontEnd {
  const sampleRate = rate ?? data.sampling_rate ?? 22_050
  const fft = data.filter_length ?? 1024
  if ((data.win_length ?? fft) !== fft)
    throw new NagareError(
      'unsupported',
      `${from}: windows of ${data.win_length} in a transform of ${fft} points; Nagare's front end has both of one length.`,
    )
  const fmax = data.mel_fmax === null ? sampleRate / 2 : (data.mel_fmax ?? 8000)
  if (fmax > sampleRate / 2)
    throw new NagareError(
      'bad-input',
      `The mel bands reach ${fmax} Hz, above half of the sample rate, ${sampleRate}.`,
      {
        hint: "Give the checkpoint's own settings with --config, or its rate with --rate.",
      },
    )
  const parsed = MelFrontEnd.safeParse({ sampleRate, fft, hop, mels, fmin: data.mel_fmin ?? 0, fmax })
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw new NagareError('bad-input', `${from}: ${[...issue.path, issue.message].join(': ')}.`)
}
