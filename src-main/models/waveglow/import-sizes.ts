import { NagareError } from '../../lib/errors'
import type { StateDict } from '../../packs'
import { channelsAt, range, WaveGlowConfig } from './config'
import type { ImportSettings } from './import-settings'
import { fieldOf } from './import-module'

const publicHop = 256
const publicKernel = 1024

/**
 * The network's shape as its weights show it, and the module itself where the file holds one. Throws `bad-input` where the weights are no WaveGlow's,
 * or where `settings` say something else.
 */
export function sizesOf(
  file: string,
  { tensors, module }: StateDict,
  settings: readonly ImportSettings[],
): WaveGlowConfig {
  const shape = (...names: string[]): readonly number[] => {
    const found = names.map((name) => tensors.get(name)).find((tensor) => tensor !== undefined)
    if (found) return found.shape
    throw new NagareError(
      'bad-input',
      `${file} is no WaveGlow: it holds no ${names[0]}. Found: ${[...tensors.keys()].slice(0, 6).join(', ') || 'nothing'}.`,
      { file, hint: 'Check that --as names what the file holds.' },
    )
  }
  const normed = (name: string) =>
    shape(`${name}.weight_v`, `${name}.weight`, `${name}.parametrizations.weight.original1`)
  const counted = (prefix: string) => {
    const found = new Set<string>()
    for (const name of tensors.keys())
      if (name.startsWith(prefix)) found.add(name.slice(prefix.length).split('.', 1)[0]!)
    return found.size
  }

  const [mels = 0, , kernel = 0] = shape('upsample.weight')
  const first = shape('convinv.0.conv.weight')
  const flows = counted('convinv.')
  const channels = range(Math.min(flows, 64)).map((k) => shape(`convinv.${k}.conv.weight`)[0]!)
  const [width = 0, , span = 0] = normed('WN.0.in_layers.0')
  const drop = channels.findIndex((count) => count !== channels[0])
  const early =
    drop < 0 ? { every: Math.max(1, flows), size: 0 } : { every: drop, size: channels[0]! - channels[drop]! }
  const stride = module && firstNumber(fieldOf(module, 'upsample', 'stride'))
  const hop = stride ?? settings.find(({ data }) => data.hop_length)?.data.hop_length ?? publicHop
  if (stride === undefined && kernel !== publicKernel && !settings.some(({ data }) => data.hop_length))
    throw new NagareError('bad-input', `${file}: its upsampling is ${kernel} samples long, so its hop is unknown.`, {
      file,
      hint: "Give the checkpoint's own config.json with --config.",
    })

  const swapHalves = module?.module === 'glow_old' || settings.some(({ network }) => network.swap_halves === true)
  const parsed = WaveGlowConfig.safeParse({
    ...{ mels, hop, flows, group: first[0], early, swapHalves },
    wn: { layers: counted('WN.0.in_layers.'), channels: width / 2, kernel: span },
    conditioning: { kind: 'upsampled', kernel },
  })
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    throw new NagareError(
      'bad-input',
      `${file} holds no WaveGlow that Nagare can run: ${[path.join('.'), message].filter(Boolean).join(': ')}.`,
      {
        file,
      },
    )
  }
  const config = parsed.data
  const odd = channels.findIndex((count, k) => count !== channelsAt(config, k))
  if (odd >= 0)
    throw new NagareError(
      'bad-input',
      `${file}: flow ${odd} has ${channels[odd]} channels; ${channelsAt(config, odd)} were expected from the flows before it.`,
      { file },
    )
  for (const given of settings) checkSettings(file, config, given)
  if (module) checkDilations(file, config, module)
  return config
}

/** Throws `bad-input` where the settings name another size than the weights have. */
function checkSettings(file: string, config: WaveGlowConfig, { from, network, data }: ImportSettings) {
  const { mels, hop, flows, group, early, wn } = config
  const { n_early_every: every, n_early_size: size } = network
  const leaves = every !== undefined && every < flows && size !== 0
  const pairs: [string, number | undefined, number][] = [
    ['n_mel_channels', network.n_mel_channels, mels],
    ['hop_length', data.hop_length, hop],
    ['n_flows', network.n_flows, flows],
    ['n_group', network.n_group, group],
    ['n_early_every', early.size || leaves ? every : undefined, early.every],
    ['n_early_size', early.size || leaves ? size : undefined, early.size],
    ['WN_config.n_layers', network.WN_config?.n_layers, wn.layers],
    ['WN_config.n_channels', network.WN_config?.n_channels, wn.channels],
    ['WN_config.kernel_size', network.WN_config?.kernel_size, wn.kernel],
  ]
  const wrong = pairs.filter(([, given, found]) => given !== undefined && given !== found)
  if (wrong.length)
    throw new NagareError(
      'bad-input',
      `${from} does not belong to ${file}: ${wrong.map(([name, given, found]) => `${name} is ${given}, the weights have ${found}`).join('; ')}.`,
      { file, hint: 'Give the settings that this checkpoint was trained with.' },
    )
}

/** The dilations are not in the weights; a module tells them. */
function checkDilations(file: string, { flows, wn }: WaveGlowConfig, module: NonNullable<StateDict['module']>) {
  for (const k of range(flows))
    for (const i of range(wn.layers)) {
      const dilation = firstNumber(fieldOf(module, `WN.${k}.in_layers.${i}`, 'dilation'))
      if (dilation !== undefined && dilation !== 2 ** i)
        throw new NagareError(
          'unsupported',
          `${file}: layer ${i} of flow ${k} is dilated ${dilation} times, not ${2 ** i}.`,
          {
            file,
          },
        )
    }
}

function firstNumber(value: unknown): number | undefined {
  const [first] = Array.isArray(value) ? (value as unknown[]) : [value]
  return typeof first === 'number' ? first : undefined
}
