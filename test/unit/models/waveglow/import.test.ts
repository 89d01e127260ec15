import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MelFrontEnd, WaveGlowConfig } from '../../../../src-main/models/waveglow/config'
import { importWaveGlow } from '../../../../src-main/models/waveglow/import'
import { weightShapes } from '../../../../src-main/models/waveglow/weights'
import { readNpz } from '../../../../src-main/packs'
import { tempFolder } from '../../../helpers/folder'
import { floats, named, pickle, storage, tensor, text, torchZip } from '../../../helpers/torch-file'

const fixture = (name: string) => join(import.meta.dirname, '../../../golden/waveglow-import', name)

const config = {
  ...{ mels: 2, hop: 256, flows: 4, group: 8, early: { every: 2, size: 2 }, swapHalves: false },
  wn: { layers: 2, channels: 6, kernel: 3, growth: 2, separable: false },
  conditioning: { kind: 'upsampled', kernel: 1024 },
}

/** Files, and how far their numbers may lie from those of the checkpoint in 32 bits. */
const files: [name: string, relative: number][] = [
  ...(['module-zip', 'module-legacy', 'parallel-legacy', 'state', 'hub-zip', 'hub-legacy'] as const).map(
    (name): [string, number] => [name, 1e-6],
  ),
  ...(['plain-legacy', 'oldest-legacy', 'glow-old-legacy'] as const).map((name): [string, number] => [name, 1e-6]),
  ['state-half', 4e-3],
  ['inference-half-legacy', 2e-3],
  ['state-bfloat16', 3e-2],
]

describe('checkpoints of the public WaveGlow', () => {
  it.each(files)('%s gives the same weights', async (name, relative) => {
    const expected = await readNpz(fixture('expected.npz'))
    const { card, weights } = await importWaveGlow(fixture(`${name}.pt`), {})
    expect(Object.keys(weights).sort()).toEqual(Object.keys(expected).sort())
    for (const [key, value] of Object.entries(expected)) {
      expect(weights[key], key).toBeAllclose(value, { relative, absolute: relative / 10 })
      expect(weights[key]!.dtype, key).toBe('float32')
    }
    expect(card.config).toEqual({ ...config, swapHalves: name === 'glow-old-legacy' })
    const shapes = Object.entries(weights).map(([key, { shape }]) => [key, shape])
    expect(Object.fromEntries(shapes)).toEqual(weightShapes(WaveGlowConfig.parse(card.config)))
  })

  it('take the public front end where nothing else is said, and say so', async () => {
    const { card } = await importWaveGlow(fixture('module-legacy.pt'), {})
    expect(card.frontEnd).toEqual(MelFrontEnd.parse({ mels: 2 }))
    expect(card.provenance).toMatchObject({
      steps: 1234,
      notes: expect.stringMatching(/22050 Hz is assumed/) as string,
    })
  })

  it("take NVIDIA's config.json, and the rate before its own", async () => {
    const due = { ...{ sampleRate: 16_000, fft: 1024, hop: 256, mels: 2, fmin: 20, fmax: 7600, floor: 1e-5 } }
    const settings = { config: fixture('config.json') }
    const { card } = await importWaveGlow(fixture('state.pt'), settings)
    expect(card.frontEnd).toEqual(due)
    expect(card.provenance.notes).not.toMatch(/assumed/)
    const other = await importWaveGlow(fixture('state.pt'), { ...settings, rate: 24_000 })
    expect(other.card.frontEnd).toEqual({ ...due, sampleRate: 24_000 })
  })
})

describe('settings', () => {
  const given = async (settings: unknown, name = 'state.pt', rate?: number) => {
    const path = join(await tempFolder(), 'config.json')
    await writeFile(path, typeof settings === 'string' ? settings : JSON.stringify(settings))
    return importWaveGlow(fixture(name), { config: path, rate })
  }

  it('may be the inner record only', async () => {
    const { card } = await given({ n_flows: 4, WN_config: { n_layers: 2 } })
    expect(card.config).toEqual(config)
  })

  it('say that a state dict swaps its halves', async () => {
    expect((await given({ waveglow_config: { swap_halves: true } })).card.config).toEqual({
      ...config,
      swapHalves: true,
    })
  })

  it.each<[string, unknown, RegExp]>([
    ['flows', { n_flows: 12 }, /n_flows is 12, the weights have 4/],
    ['mel bands', { waveglow_config: { n_mel_channels: 80 } }, /n_mel_channels is 80, the weights have 2/],
    ['early outputs', { n_early_every: 4, n_early_size: 2 }, /n_early_every is 4, the weights have 2/],
    ['channels', { WN_config: { n_channels: 256 } }, /n_channels is 256, the weights have 6/],
    ['a hop', { data_config: { hop_length: 300 } }, /frame of 300 samples must be whole steps/],
    ['a window', { data_config: { win_length: 800 } }, /windows of 800 in a transform of 1024/],
    ['bands above the rate', { data_config: { sampling_rate: 12_000 } }, /reach 8000 Hz, above half/],
    ['transforms', { data_config: { filter_length: 800 } }, /windows of 800 samples; a power of two/],
    ['windows, that do not overlap', { data_config: { filter_length: 256 } }, /overlap by half/],
    ['bands, that fall', { data_config: { mel_fmin: 7900, mel_fmax: 7800 } }, /bands from 7900 to 7800 Hz/],
    ['settings altogether', { blocks: 8, n_channels: 512 }, /none of WaveGlow's settings/],
    ['text', { n_flows: 'twelve' }, /n_flows/],
    ['no object', [1], /expected a JSON object/],
    ['no JSON', '{', /is no JSON/],
  ])('that name other %s are refused', async (_, settings, message) => {
    await expect(given(settings)).rejects.toThrow(message)
  })

  it('that contradict the module are refused', async () => {
    await expect(given({ data_config: { hop_length: 512 } }, 'module-zip.pt')).rejects.toThrow(
      /hop_length is 512, the weights have 256/,
    )
  })

  it('that are not there are named', async () => {
    const missing = join(await tempFolder(), 'none.json')
    await expect(importWaveGlow(fixture('state.pt'), { config: missing })).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('tensors that are not those of one WaveGlow', () => {
  /** A state dict of these shapes, all of the number `value`. */
  async function file(shapes: Record<string, number[]>, value = 1) {
    const path = join(await tempFolder(), 'state.pt')
    const keys = Object.keys(shapes)
    const counts = keys.map((key) => shapes[key]!.reduce((product, side) => product * side, 1))
    const strides = (shape: number[]) =>
      shape.map((_, i) => shape.slice(i + 1).reduce((product, side) => product * side, 1))
    const items = keys.flatMap((key, i) => [
      text(key),
      tensor(storage(String(i), counts[i]!), 0, shapes[key]!, strides(shapes[key]!)),
    ])
    const numbers = Object.fromEntries(counts.map((count, i) => [i, floats(...new Array<number>(count).fill(value))]))
    await writeFile(path, await torchZip(pickle(named('collections', 'OrderedDict'), ')R(', ...items, 'u'), numbers))
    return path
  }

  /** A WaveGlow of one flow and one layer, without weight norm. */
  const tiny = {
    ...{ 'upsample.weight': [1, 1, 1024], 'upsample.bias': [1], 'convinv.0.conv.weight': [2, 2, 1] },
    ...{ 'WN.0.start.weight': [2, 1, 1], 'WN.0.start.bias': [2], 'WN.0.end.weight': [2, 2, 1], 'WN.0.end.bias': [2] },
    ...{ 'WN.0.in_layers.0.weight': [4, 2, 3], 'WN.0.in_layers.0.bias': [4] },
    ...{ 'WN.0.cond_layer.weight': [4, 2, 1], 'WN.0.cond_layer.bias': [4] },
    ...{ 'WN.0.res_skip_layers.0.weight': [2, 2, 1], 'WN.0.res_skip_layers.0.bias': [2] },
  }
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(tiny).filter(([name]) => !names.includes(name)))

  it('the smallest one is read, also without early outputs', async () => {
    const { card } = await importWaveGlow(await file(tiny), {})
    expect(card.config).toMatchObject({
      mels: 1,
      flows: 1,
      group: 2,
      early: { size: 0 },
      wn: { layers: 1, channels: 2 },
    })
  })

  it.each<[string, Record<string, number[]>, RegExp]>([
    ['nothing of it', { weight: [1] }, /is no WaveGlow: it holds no upsample\.weight\. Found: weight/],
    [
      'one missing',
      without('WN.0.end.bias', 'WN.0.start.bias'),
      /WN\.0\.start\.bias is missing; WN\.0\.end\.bias is missing/,
    ],
    ['one too many', { ...tiny, 'WN.0.extra.bias': [1] }, /WN\.0\.extra\.bias is one too many/],
    ['one misshapen', { ...tiny, 'WN.0.end.weight': [4, 2, 1] }, /WN\.0\.end\.weight is \[4,2,1\], not \[2,2,1\]/],
    ['a length missing', { ...without('WN.0.start.weight'), 'WN.0.start.weight_v': [2, 1, 1] }, /weight_g is missing/],
    ['a gap between flows', { ...tiny, 'convinv.2.conv.weight': [2, 2, 1] }, /no convinv\.1\.conv\.weight/],
    ['flows that grow', { ...tiny, 'convinv.1.conv.weight': [4, 4, 1] }, /early|flow/],
    [
      'an odd number of channels',
      { ...tiny, 'convinv.0.conv.weight': [3, 3, 1] },
      /even number of channels|whole steps/,
    ],
    ['an upsampling of unknown hop', { ...tiny, 'upsample.weight': [1, 1, 800] }, /its hop is unknown/],
  ])('%s', async (_, shapes, message) => {
    await expect(importWaveGlow(await file(shapes), {})).rejects.toThrow(message)
  })

  it('numbers that are not finite are named', async () => {
    await expect(importWaveGlow(await file(tiny, NaN), {})).rejects.toThrow(
      /numbers in upsample\.weight that are not finite/,
    )
  })

  it("another model's checkpoint is refused", async () => {
    await expect(importWaveGlow(fixture('blow_small.model.pt'), {})).rejects.toThrow(/is no WaveGlow/)
  })
})
