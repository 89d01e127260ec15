import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { openDevice, precisions } from '../../compute'
import { mixAtSnr, readMono, segmentalSnr, siSdr } from '../../dsp'
import { NagareError } from '../../lib/errors'
import { openPack } from '../../packs'
import type { EvaluateContext, Evaluation } from '../family'
import { recordingsIn } from '../recordings'
import { McemSettings } from './config'
import { openEnhancer } from './enhancer'
import { speechModel, type SpeechModel } from './model'

const Options = z.object({
  mixtures: z.coerce.number().int().min(1).max(10_000).default(24),
  seconds: z.coerce.number().min(0.5).max(600).default(4),
  /** Speech-to-noise ratios that take turns, dB. */
  snrs: z
    .string()
    .default('0,5')
    .transform((text) => text.split(',').map(Number))
    .refine((list) => list.every((snr) => Number.isFinite(snr)), 'ratios are numbers, set apart by commas'),
  /** Folders of `speech/` to take; those that the pack's card does not name, if left out. */
  speakers: z.string().optional(),
  precision: z.enum(precisions).default('float32'),
})

/** The evaluation's own options and the chain's settings out of `key=value` pairs. */
function readOptions({ mixtures, seconds, snrs, speakers, precision, ...chain }: Record<string, string>) {
  const options = Options.safeParse({ mixtures, seconds, snrs, speakers, precision })
  const settings = McemSettings.strict().safeParse(
    Object.fromEntries(Object.entries(chain).map(([key, value]) => [key, Number(value)])),
  )
  const error = options.error ?? settings.error
  if (error)
    throw new NagareError('bad-input', `--set ${error.issues[0]!.path.join('.')}: ${error.issues[0]!.message}.`)
  return { ...options.data!, settings: settings.data! }
}

/** A place in the list of mixtures: which recordings, from where, at which level. */
interface Mixture {
  speaker: string
  speech: string
  noise: string
  snr: number
  /** Where in the noise it starts, 0 to 1 of what is left after the speech's length. */
  offset: number
}

/**
 * Speech enhancement on mixtures made here. `data` holds `speech/<speaker>/…` and `noise/…`; speakers that the pack's card names as training data are
 * left out. Mixture i takes noise n = i mod N and speaker s = ⌊i / N⌋ mod S in round r = ⌊i / NS⌋, utterance (N r + n) mod its count from its first loud
 * moment on, the noise from the fraction 0.618034 i mod 1 of its length, at the (n + s + r)-th of `snrs` in turn.
 */
export async function evaluateVae(context: EvaluateContext): Promise<Evaluation> {
  const { data, device: deviceId, seed, progress, checkCancelled } = context
  const { mixtures: count, seconds, snrs, speakers, precision, settings } = readOptions(context.set)
  const pack = await openPack(context.pack)
  const model = speechModel(pack)
  const trained = pack.manifest.provenance.data.map(({ name }) => name)
  const list = await planMixtures(data, { count, snrs, wanted: speakers?.split(','), trained })
  const device = await openDevice(deviceId, { precision, fallback: context.fallback })
  const rows: Evaluation['rows'] = []
  let busy = 0
  for (const [i, mixture] of list.entries()) {
    checkCancelled()
    progress({ phase: 'Evaluating', done: i, total: list.length })
    const { speech, noisy } = await mix(mixture, model.frontEnd.sampleRate, seconds)
    const startedAt = performance.now()
    const clean = await enhanceWhole(noisy, model, settings, { device, seed: seed + i, checkCancelled })
    const wall = (performance.now() - startedAt) / 1000
    busy += wall
    const rate = model.frontEnd.sampleRate
    rows.push({
      speech: `${mixture.speaker}/${basename(mixture.speech)}`,
      noise: basename(mixture.noise),
      snr: mixture.snr,
      in: siSdr(speech, noisy),
      out: siSdr(speech, clean),
      segmentalIn: segmentalSnr(speech, noisy, { sampleRate: rate }),
      segmentalOut: segmentalSnr(speech, clean, { sampleRate: rate }),
      rtf: wall / (noisy.length / rate),
    })
  }
  const mean = (key: string) => rows.reduce((sum, row) => sum + Number(row[key]), 0) / rows.length
  const used = [...new Set(list.map(({ speaker }) => speaker))].join(', ')
  return {
    protocol:
      `${list.length} mixtures of ${seconds} s: speakers ${used} (none named in the pack's card), ${new Set(list.map(({ noise }) => noise)).size} noises, ` +
      `${snrs.join(' and ')} dB in turn; SI-SDR against the clean recording; ${settings.iterations} EM iterations of ${settings.moves} moves (${settings.kept} kept), ${settings.components} noise spectra, seeds ${seed}…${seed + list.length - 1}${precision === 'float32' ? '' : `, computed in ${precision}`}.`,
    metrics: [
      { name: 'SI-SDR in', value: mean('in'), unit: 'dB' },
      { name: 'SI-SDR out', value: mean('out'), unit: 'dB' },
      { name: 'least SI-SDR out', value: Math.min(...rows.map((row) => Number(row['out']))), unit: 'dB' },
      { name: 'segmental SNR in', value: mean('segmentalIn'), unit: 'dB' },
      { name: 'segmental SNR out', value: mean('segmentalOut'), unit: 'dB' },
      { name: 'wall time', value: busy / rows.length / seconds, unit: 's per s of audio' },
    ],
    rows,
  }
}

async function planMixtures(
  data: string,
  {
    count,
    snrs,
    wanted,
    trained,
  }: { count: number; snrs: number[]; wanted: string[] | undefined; trained: readonly string[] },
): Promise<Mixture[]> {
  const folders = await readdir(join(data, 'speech'), { withFileTypes: true }).catch((thrown: unknown) => {
    throw new NagareError('not-found', `${data}: expected folders speech/SPEAKER/ and noise/, found no speech/.`, {
      hint: 'Put clean recordings of each speaker in a folder of speech/, and noises in noise/.',
      file: data,
      cause: thrown,
    })
  })
  const names = folders
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
  const missing = wanted?.find((name) => !names.includes(name))
  if (missing) throw new NagareError('not-found', `${join(data, 'speech')} has no folder ${missing}.`)
  const speakers = wanted ?? names.filter((name) => !trained.includes(name))
  if (speakers.length === 0)
    throw new NagareError('bad-input', `Every speaker in ${join(data, 'speech')} was in the training data.`)
  const speech = await Promise.all(speakers.map((name) => recordingsIn(join(data, 'speech', name))))
  const noises = await recordingsIn(join(data, 'noise'))
  return Array.from({ length: count }, (_, i) => {
    const n = i % noises.length
    const s = Math.floor(i / noises.length) % speakers.length
    const r = Math.floor(i / (noises.length * speakers.length))
    const files = speech[s]!
    return {
      speaker: speakers[s]!,
      speech: files[(noises.length * r + n) % files.length]!,
      noise: noises[n]!,
      snr: snrs[(n + s + r) % snrs.length]!,
      offset: (i * 0.6180339887498949) % 1,
    }
  })
}

async function mix({ speech: file, noise: noiseFile, snr, offset }: Mixture, rate: number, seconds: number) {
  const whole = await readMono(file, rate)
  const start = firstLoud(whole)
  const speech = whole.slice(start, start + Math.round(seconds * rate))
  const noise = await readMono(noiseFile, rate)
  if (noise.length < speech.length)
    throw new NagareError('bad-input', `${noiseFile} is shorter than ${seconds} s.`, { file: noiseFile })
  const from = Math.floor(offset * (noise.length - speech.length))
  return { speech, noisy: mixAtSnr(speech, noise.subarray(from, from + speech.length), snr).mixture }
}

/** Where the first block of 256 samples starts whose energy exceeds 1 % of the largest block's. */
function firstLoud(x: Float32Array): number {
  const energy = Array.from({ length: Math.floor(x.length / 256) }, (_, block) =>
    x.subarray(block * 256, (block + 1) * 256).reduce((sum, value) => sum + value * value, 0),
  )
  const largest = Math.max(...energy)
  return (
    Math.max(
      0,
      energy.findIndex((value) => value > 0.01 * largest),
    ) * 256
  )
}

/** Enhances one channel at the model's rate, whole in memory. */
export async function enhanceWhole(
  noisy: Float32Array,
  model: SpeechModel,
  settings: McemSettings,
  {
    device,
    seed,
    checkCancelled = () => {},
  }: { device: Awaited<ReturnType<typeof openDevice>>; seed: number; checkCancelled?: () => void },
): Promise<Float32Array> {
  const enhancer = openEnhancer(device, model, settings, { channels: 1, seed, step: checkCancelled })
  try {
    const first = (await enhancer.push([noisy])).clean[0]!
    const rest = (await enhancer.flush()).clean[0]!
    const clean = new Float32Array(noisy.length)
    clean.set(first)
    clean.set(rest, first.length)
    return clean
  } finally {
    await enhancer.dispose()
  }
}
