import { plainValue, readTorchFile, stateDict, type PackCard, type StateDict } from '../../packs'
import type { NDArrays } from '../../lib/ndarray'
import { fieldOf } from './import-module'
import { frontEndOf, parseSettings, readSettings, type ImportSettings } from './import-settings'
import { sizesOf } from './import-sizes'
import { importWeights } from './import-weights'

/**
 * Imports a checkpoint of NVIDIA's public WaveGlow: a whole module, or a state dict (also under `state_dict` with its `config`, as torch.hub's), of any
 * age and precision. Sizes come from the weights; `config` (NVIDIA's config.json) is checked against them and gives the front end, else the public
 * defaults hold (22 050 Hz, 1024/256, 80 bands to 8 kHz); `rate` (Hz) goes before its rate. Halves are swapped where the module is `glow_old`'s or the
 * settings say `swap_halves: true`. Nothing in the file is executed. Throws `bad-input`, `unsupported` or `corrupt`, naming what is wrong.
 */
export async function importWaveGlow(
  file: string,
  { config, rate }: { config?: string | undefined; rate?: number | undefined },
): Promise<{ card: PackCard; weights: NDArrays }> {
  const given = config === undefined ? undefined : await readSettings(config)
  const torch = await readTorchFile(file)
  try {
    const model = stateDict(torch)
    const settings = [given, ...ownSettings(file, model)].filter((found) => found !== undefined)
    const sizes = sizesOf(file, model, settings)
    const weights = await importWeights(torch, model, sizes)
    const { mels, hop } = sizes
    const source = settings.find(({ data }) => data.sampling_rate !== undefined) ?? settings[0]
    const frontEnd = frontEndOf(source ?? { from: file, network: {}, data: {} }, { mels, hop, rate })
    const assumed = rate === undefined && source?.data.sampling_rate === undefined
    const iteration = model.around?.get('iteration')
    const card: PackCard = {
      kind: 'waveglow',
      name: 'Imported WaveGlow',
      description: 'A WaveGlow vocoder imported from a PyTorch checkpoint.',
      licence: 'As the imported checkpoint',
      config: sizes,
      frontEnd,
      provenance: {
        data: [],
        command: 'nagare import FILE --as waveglow -o PACK',
        seed: null,
        steps: Number.isSafeInteger(iteration) ? (iteration as number) : null,
        seconds: null,
        device: null,
        notes: [
          'Weights made elsewhere.',
          assumed ? `The file does not say its sample rate; ${frontEnd.sampleRate} Hz is assumed.` : '',
          sizes.swapHalves ? 'Odd flows change the first half (glow_old).' : '',
        ]
          .filter(Boolean)
          .join(' '),
      },
      metrics: [],
    }
    return { card, weights }
  } finally {
    await torch.close()
  }
}

/** Settings that the checkpoint itself holds: a `config` beside its state dict, attributes of its module. */
function ownSettings(file: string, { around, module }: StateDict): ImportSettings[] {
  const config = around?.get('config')
  const attributes = ['n_flows', 'n_group', 'n_early_every', 'n_early_size'] as const
  const whole = (name: string) => {
    const value = module && fieldOf(module, '', name)
    return typeof value === 'number' ? [[name, value]] : []
  }
  return [
    ...(config instanceof Map
      ? [parseSettings(plainValue({ path: file, root: config }), `The config in ${file}`)]
      : []),
    ...(module ? [parseSettings(Object.fromEntries(attributes.flatMap(whole)), `The module in ${file}`)] : []),
  ]
}
