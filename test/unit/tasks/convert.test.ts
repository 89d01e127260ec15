import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { openDevice } from '../../../src-main/compute'
import { joinSignals, openAudio, readMono, resample } from '../../../src-main/dsp'
import { jobCommand } from '../../../src-main/engine/job-command'
import { NagareError } from '../../../src-main/lib/errors'
import { convertWhole, openConverter } from '../../../src-main/models/blow/converter'
import { voiceModel } from '../../../src-main/models/blow/model'
import { openPack } from '../../../src-main/packs'
import { convert } from '../../../src-main/tasks/convert'
import { convertFile } from '../../../src-main/tasks/convert/convert-file'
import type { ConvertSettings } from '../../../src-main/tasks/convert/settings'
import type { TaskContext, TaskDefinition, TaskProgress } from '../../../src-main/tasks/task'
import { writeTinyBlow } from '../../helpers/blow-pack'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { babble, largestDifference, noise, wav16 } from '../../helpers/signals'
import { utterance } from '../../helpers/voices'
import { wavFloat } from '../cli/nagare'

vi.mock(import('../../../src-main/models/blow/converter'), async (original) => {
  const all = await original()
  return { ...all, openConverter: vi.fn(all.openConverter) }
})

/** The model's rate. */
const rate = 8000
const speech = utterance('ada', 12_000, rate, 1).map((x) => 0.5 * x)
const settingsOf = (more: Partial<ConvertSettings> = {}) =>
  convert.settings.parse({ to: 'Ben', from: 'Ada', ...more }) satisfies ConvertSettings

/** A run on a second and a half of speech, or on another sound or other bytes, whose output goes to `out/` in a folder of its own. */
async function job({
  x = speech,
  sampleRate = rate,
  bytes = wavFloat(Array.isArray(x) ? x : [x], sampleRate),
  settings,
  ...more
}: {
  x?: Float32Array | Float32Array[]
  sampleRate?: number
  bytes?: Uint8Array
  settings?: Partial<ConvertSettings>
} & Partial<Omit<TaskContext<ConvertSettings>, 'settings'>> = {}) {
  const folder = await tempFolder()
  const source = join(folder, 'talk.wav')
  await writeFile(source, bytes)
  await mkdir(join(folder, 'out'))
  const context: TaskContext<ConvertSettings> = {
    source,
    sourceName: basename(source),
    settings: settingsOf(settings),
    pack: await writeTinyBlow(join(folder, 'tiny'), { sampleRate: rate, frame: 256 }),
    device: 'cpu',
    seed: 1,
    output: (role) => join(folder, 'out', `${role}.wav`),
    progress: () => {},
    checkCancelled: () => {},
    ...more,
  }
  return { context, folder, out: join(folder, 'out/converted.wav'), left: () => filesUnder(join(folder, 'out')) }
}

/** What a run gives, and what it says of itself. */
async function converted(options: Parameters<typeof job>[0] = {}) {
  const { context, out } = await job(options)
  const made = await convertFile(context)
  return { made, x: await readMono(out, options.sampleRate ?? rate), bytes: await readFile(out) }
}

async function infoOf(path: string) {
  const reader = await openAudio(path)
  await reader.close()
  return reader.info
}

const mean = (x: Float32Array) => x.reduce((sum, value) => sum + value, 0) / x.length
const peak = (x: Float32Array) => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

describe('a recording', () => {
  it('of 44.1 kHz in stereo and of odd length becomes one channel of the same rate and length', async () => {
    const seen: TaskProgress[] = []
    const frames = 100_001
    const x = [babble(frames, 44_100), babble(frames, 44_100, 2)]
    const { context, out, left } = await job({ x, sampleRate: 44_100, progress: (each) => seen.push(each) })
    expect(await convertFile(context)).toMatchObject({
      outputs: [{ role: 'converted', file: out, name: 'talk (as Ben).wav', settings: { to: 'Ben', from: 'Ada' } }],
      ...{ identified: false, likelihoods: null, channels: 2, seconds: frames / 44_100, clippedSource: 0 },
    })
    expect(await left()).toEqual(['converted.wav'])
    const made = { sampleRate: 44_100, channels: 1, frames, encoding: 'f32' }
    expect(await infoOf(out)).toMatchObject(made)
    for (const phase of ['Reading the recording', 'Converting', 'Writing the file']) {
      const reports = seen.filter((each) => each.phase === phase)
      const done = reports.map((each) => each.done)
      expect(done.length).toBeGreaterThan(2)
      expect(done).toEqual(done.toSorted((a, b) => a - b))
      expect(reports.at(-1)).toMatchObject({ done: reports.at(-1)!.total })
    }
    expect(seen.findLast(({ materialSeconds }) => materialSeconds)).toMatchObject({ materialSeconds: frames / 44_100 })
  })

  it.each([
    ['less than a frame', rate, 100],
    ['a rate below the model’s', 4000, 3001],
    ['the model’s rate and half a frame', rate, 9 * 256 + 128],
    ['48 kHz', 48_000, 20_003],
  ])('of %s keeps its rate and length', async (_, sampleRate, frames) => {
    const { context, out } = await job({ x: utterance('cy', frames, sampleRate, 3), sampleRate })
    await convertFile(context)
    expect(await infoOf(out)).toMatchObject({ sampleRate, channels: 1, frames })
  })

  it('gives the same bits again, and others for another voice', async () => {
    const { bytes } = await converted()
    expect((await converted()).bytes.equals(bytes)).toBe(true)
    for (const settings of [{ to: 'Cy' }, { from: 'Cy' }])
      expect((await converted({ settings })).bytes.equals(bytes)).toBe(false)
  })

  it('in stereo is converted as the mean of its channels', async () => {
    const { x } = await converted({ x: [speech.map((value) => 2 * value), new Float32Array(speech.length)] })
    expect(largestDifference(x, (await converted()).x)).toBeLessThan(1e-4)
  })

  it('at another rate is converted at the model’s and brought back', async () => {
    const { x: low } = await converted()
    const { x: high } = await converted({ x: resample(speech, rate, 2 * rate), sampleRate: 2 * rate })
    const back = resample(high, 2 * rate, rate)
    const power = (x: Float32Array) => x.subarray(500, -500).reduce((sum, value) => sum + value * value, 0)
    expect(power(back.map((value, i) => value - low[i]!))).toBeLessThan(0.2 * power(low))
  })

  it('is converted in blocks as it would be whole', async () => {
    const [ada, cy] = ['ada', 'cy'].map((name, i) => utterance(name, 90 * rate, rate, i))
    const x = joinSignals([ada!, cy!]).map((value) => 0.3 * value + 0.01)
    const { context, folder, out } = await job({ x })
    const small = { sampleRate: rate, frame: 256, channels: 16, blocks: 2, flows: 1 }
    context.pack = await writeTinyBlow(join(folder, 'small'), small)
    await convertFile(context)
    const model = await voiceModel(await openPack(context.pack))
    const device = await openDevice('cpu')
    const shares = (n: number) => Float32Array.from({ length: 3 }, (_, i) => (i === n ? 1 : 0))
    const converter = await openConverter(device, model, { from: shares(0), to: shares(1) })
    const average = mean(x)
    const level = x.map((value) => value - average)
    const gain = model.frontEnd.peak / peak(level)
    const whole = await convertWhole(
      converter,
      level.map((value) => value * gain),
    )
    await converter.dispose()
    expect(x).toHaveLength(180 * rate)
    expect(largestDifference(await readMono(out, rate), whole)).toBeLessThan(1e-5)
  }, 180_000)

  it('becomes FLAC or whole numbers where asked', async () => {
    const { context, folder, out } = await job()
    await convertFile(context)
    const floats = await readMono(out, rate)
    for (const format of ['s16', 's24'] as const) {
      await convertFile(context, format)
      expect((await infoOf(out)).encoding).toBe(format)
      expect(largestDifference(await readMono(out, rate), floats)).toBeLessThan(format === 's16' ? 1e-4 : 1e-6)
    }
    const output = (role: string) => join(folder, `${role}.flac`)
    expect((await convert.run({ ...context, output }))[0]!.name).toBe('talk (as Ben).flac')
    expect(await infoOf(output('converted'))).toMatchObject({ container: 'flac', sampleRate: rate, frames: 12_000 })
    expect(largestDifference(await readMono(output('converted'), rate), floats)).toBeLessThan(1e-6)
  })
})

describe('level', () => {
  const lifted = speech.map((value) => value + 0.2)

  it('is full and without offset', async () => {
    const { x } = await converted({ x: lifted })
    expect(peak(x)).toBeCloseTo(0.98, 5)
    expect(mean(x)).toBeCloseTo(0, 6)
  })

  it('is the recording’s where it is not normalised, without its offset and without the model’s', async () => {
    const { x } = await converted({ x: lifted, settings: { normalize: false } })
    expect(mean(x)).toBeCloseTo(0, 6)
    const { x: full } = await converted({ x: lifted })
    const gain = 0.98 / peak(x)
    expect(Math.abs(gain - 1)).toBeGreaterThan(0.1)
    const scaled = x.map((value) => value * gain)
    expect(largestDifference(scaled, full)).toBeLessThan(1e-6)
    const same = await converted({ x: lifted, settings: { to: 'Ada', normalize: false } })
    const average = mean(speech)
    const level = speech.map((value) => value - average)
    // The softly bounded peaks apart.
    expect(largestDifference(same.x, level)).toBeLessThan(0.02 * peak(level))
    const loud = level.map((value, i) => (Math.abs(value) < 0.9 * peak(level) ? value : same.x[i]!))
    expect(largestDifference(same.x, loud)).toBeLessThan(1e-3)
  })

  it('does not carry an offset into the edges of a recording at another rate', async () => {
    const x = utterance('ada', 30_000, 44_100, 2).map((value) => 0.01 * value)
    const plain = await converted({ x, sampleRate: 44_100, settings: { normalize: false } })
    const offset = x.map((value) => value + 0.5)
    const { x: heard } = await converted({ x: offset, sampleRate: 44_100, settings: { normalize: false } })
    expect(largestDifference(heard, plain.x)).toBeLessThan(1e-4)
  })

  it('counts what is clipped in each channel, in the stretch alone', async () => {
    const clipped = speech.map((value, i) => (i % 100 < 2 ? 1 : value))
    const share = async (x: Float32Array[], settings = {}) => (await converted({ x, settings })).made.clippedSource
    expect(await share([speech, clipped])).toBeCloseTo(0.02, 6)
    expect(await share([speech, speech.map((value, i) => (i < 4000 ? -1 : value))], { start: 0.75 })).toBe(0)
    const { made } = await converted({ x: [speech, clipped] })
    expect(made.outputs[0]!.facts).toEqual({ clippedSource: made.clippedSource })
  })
})

describe('a stretch', () => {
  const sampleRate = 44_100
  const [start, end] = [0.5, 1.25]
  const [first, last] = [Math.round(start * sampleRate), Math.round(end * sampleRate)]
  const x = utterance('ada', 80_001, sampleRate, 4).map((value) => 0.4 * value + 0.05)
  /** Largest step between neighbours from sample `from` to sample `to`. */
  const step = (of: Float32Array, from: number, to: number) => {
    let most = 0
    for (let i = Math.max(1, from); i < Math.min(of.length, to); i++)
      most = Math.max(most, Math.abs(of[i]! - of[i - 1]!))
    return most
  }

  it('leaves all around it as it was, bit for bit, and joins without a click', async () => {
    const { made, x: heard } = await converted({ x, sampleRate, settings: { start, end } })
    expect(made.seconds).toBeCloseTo(0.75, 6)
    expect(heard).toHaveLength(x.length)
    expect(largestDifference(heard.subarray(0, first), x.subarray(0, first))).toBe(0)
    expect(largestDifference(heard.subarray(last), x.subarray(last))).toBe(0)
    const inside = [heard.subarray(first, last), x.subarray(first, last)] as const
    expect(largestDifference(...inside)).toBeGreaterThan(0.05)
    const elsewhere = Math.max(
      step(heard, 0, first - 50),
      step(heard, first + 50, last - 50),
      step(heard, last + 50, 1e9),
    )
    for (const join of [first, last]) expect(step(heard, join - 50, join + 50)).toBeLessThanOrEqual(elsewhere)
  })

  it('keeps the recording’s level and offset, whatever is asked', async () => {
    const { x: heard } = await converted({ x, sampleRate, settings: { start, end, to: 'Ada', normalize: true } })
    const [a, b] = [heard, x].map((each) => mean(each.subarray(first + 2000, last - 2000)))
    expect(Math.abs(a! - b!)).toBeLessThan(2e-3)
    const { x: other } = await converted({ x, sampleRate, settings: { start, end } })
    const average = (each: Float32Array) => mean(each.subarray(first, last))
    expect(Math.abs(average(other) - average(x))).toBeLessThan(2e-3)
  })

  it('at either end of the recording has one join, and is the whole where it is all of it', async () => {
    const { x: begun } = await converted({ x, sampleRate, settings: { end } })
    expect(largestDifference(begun.subarray(last), x.subarray(last))).toBe(0)
    expect(largestDifference(begun.subarray(0, 200), x.subarray(0, 200))).toBeGreaterThan(1e-3)
    const { x: ended } = await converted({ x, sampleRate, settings: { start } })
    expect(largestDifference(ended.subarray(0, first), x.subarray(0, first))).toBe(0)
    expect(largestDifference(ended.subarray(-200), x.subarray(-200))).toBeGreaterThan(1e-3)
    const { bytes } = await converted({ x, sampleRate })
    expect((await converted({ x, sampleRate, settings: { start: 0, end: 100 } })).bytes.equals(bytes)).toBe(true)
  })
})

describe('voices', () => {
  it('are found whatever their case, and recorded as the model calls them', async () => {
    const { made, bytes } = await converted({ settings: { to: ' ben', from: 'ADA', blend: 'cy', share: 0.25 } })
    const settings = settingsOf({ to: 'Ben', from: 'Ada', blend: 'Cy', share: 0.25 })
    expect(made.settings).toEqual(settings)
    expect(made.outputs[0]).toMatchObject({ name: 'talk (as 75 % Ben, 25 % Cy).wav', settings })
    expect((await converted({ settings })).bytes.equals(bytes)).toBe(true)
  })

  it('in a mix are each alone at its ends, and something else between', async () => {
    const ben = (await converted({ settings: { to: 'Ben' } })).bytes
    const cy = (await converted({ settings: { to: 'Cy' } })).bytes
    const mix = async (share: number) => (await converted({ settings: { to: 'Ben', blend: 'Cy', share } })).bytes
    expect((await mix(0)).equals(ben)).toBe(true)
    expect((await mix(1)).equals(cy)).toBe(true)
    const half = await mix(0.5)
    expect([half.equals(ben), half.equals(cy)]).toEqual([false, false])
  })

  it('are not mixed with themselves', async () => {
    const { bytes } = await converted()
    const { made, bytes: mixed } = await converted({ settings: { to: 'Ben', blend: 'ben', share: 0.3 } })
    expect(mixed.equals(bytes)).toBe(true)
    expect(made.settings.blend).toBe('')
    expect(made.outputs[0]!.name).toBe('talk (as Ben).wav')
  })

  it('are told by their likelihood where nobody says who speaks', async () => {
    const { made, bytes } = await converted({ settings: { from: '' } })
    const [best] = Object.entries(made.likelihoods!).sort(([, a], [, b]) => b - a)[0]!
    expect(Object.keys(made.likelihoods!)).toEqual(['Ada', 'Ben', 'Cy'])
    expect(made).toMatchObject({ identified: true, settings: { from: best } })
    expect((await converted({ settings: { from: best } })).bytes.equals(bytes)).toBe(true)
  })

  it('are told in a long, quiet recording with a bang in it', async () => {
    const x = Float32Array.from({ length: 60 * rate }, (_, i) => 0.2 * speech[i % speech.length]!)
    // In a frame that a sparse look at them all leaves out.
    x.set(noise(256, 1, 0.3), 1023 * 256)
    const { made } = await converted({ x, settings: { from: '' } })
    expect(Object.values(made.likelihoods!).every(Number.isFinite)).toBe(true)
  })
})

describe('what cannot be converted', () => {
  const offset = (value: number, frames = 44_100) => new Float32Array(frames).fill(value)
  const many = { sampleRate: 44_100 }
  it.each<[string, Parameters<typeof job>[0], string]>([
    ['silence', { x: new Float32Array(rate) }, 'is silent there'],
    ['a constant offset', { x: offset(0.1), ...many }, 'is silent there'],
    ['an offset in a file that is no whole number of frames', { x: offset(-0.3, 44_137), ...many }, 'is silent there'],
    ['an offset with hiss', { x: noise(44_100, 1, 1e-6).map((x) => x + 0.01), ...many }, 'is silent there'],
    ['one sample', { x: Float32Array.of(0.5) }, 'is silent there'],
    ['a silent stretch', { x: [speech.map((x, i) => (i < 6000 ? x : 0))], settings: { start: 1 } }, 'is silent there'],
    ['a stretch behind the end', { settings: { start: 1.5 } }, 'nothing between 1.5 s and 1.5 s'],
    ['a stretch that ends before it starts', { settings: { start: 1, end: 0.5 } }, 'nothing between 1 s and 0.5 s'],
    ['an unknown voice', { settings: { to: 'Zoe' } }, 'no voice Zoe; there is: Ada, Ben, Cy'],
    ['an unknown second voice', { settings: { blend: 'Zoe' } }, 'no voice Zoe; there is: Ada, Ben, Cy'],
    ['an unknown speaker', { settings: { from: 'Zoe' } }, 'no voice Zoe; there is: Ada, Ben, Cy'],
    ['no voice', { settings: { to: '' } }, 'No voice to convert to was chosen; there is: Ada, Ben, Cy'],
    ['an empty file', { bytes: new Uint8Array(0) }, 'the file is empty'],
    ['a recording without samples', { bytes: wav16(new Float32Array(0), rate) }, 'talk.wav'],
    ['text', { bytes: Buffer.from('Dear diary') }, 'found text'],
    ['a recording with NaN', { x: Float32Array.of(0, NaN, 0) }, 'found NaN'],
    [
      'a pack of another kind',
      { pack: join(import.meta.dirname, '../../../resources/packs/speech-enhancer.nagare') },
      'vae-nmf',
    ],
  ])('%s is refused, and nothing is left', async (_, options, words) => {
    const { context, left } = await job(options)
    await expect(convert.run(context)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining(words),
    })
    expect(await left()).toEqual([])
  })

  it('a name that is taken by a folder is refused, and nothing else is left', async () => {
    const { context, folder, out, left } = await job()
    await mkdir(out)
    await expect(convert.run(context)).rejects.toMatchObject({ file: out })
    expect(await left()).toEqual([])
    const nowhere = { ...context, output: () => join(folder, 'talk.wav/converted.wav') }
    await expect(convert.run(nowhere)).rejects.toMatchObject({ file: nowhere.output() })
  })
})

it('leaves nothing wherever it is stopped', async () => {
  let checks = 0
  const settings = { from: '', start: 0.25 }
  const counted = await job({ settings, checkCancelled: () => void checks++ })
  await convert.run(counted.context)
  const all = checks
  expect(all).toBeGreaterThan(8)
  const spread = Array.from({ length: 9 }, (_, i) => 1 + Math.round((i * (all - 1)) / 8))
  for (const last of spread) {
    checks = 0
    const { context, left } = await job({
      settings,
      checkCancelled() {
        if (++checks === last) throw new NagareError('cancelled', 'Stopped.')
      },
    })
    await expect(convert.run(context)).rejects.toMatchObject({ code: 'cancelled' })
    expect(await left()).toEqual([])
  }
})

it('closes all files where the device fails', async ({ skip }) => {
  const open = await readdir('/proc/self/fd').catch(() => skip('this system does not list the files that are open'))
  expect(open).not.toEqual([])
  const { context, folder, left } = await job()
  vi.mocked(openConverter).mockRejectedValueOnce(
    new NagareError('unavailable', 'The device is gone.', { device: 'cpu' }),
  )
  await expect(convert.run(context)).rejects.toMatchObject({ code: 'unavailable', device: 'cpu' })
  expect(await left()).toEqual([])
  const names = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(join('/proc/self/fd', fd)).catch(() => '')),
  )
  expect(names.filter((name) => name.startsWith(folder))).toEqual([])
})

it('says its settings as the command line takes them', () => {
  const plan = { sourceName: 'a talk.flac', pack: 'tiny', device: 'cpu', seed: 7 }
  expect(jobCommand(convert as unknown as TaskDefinition, settingsOf({ from: '' }), plan)).toBe(
    "nagare convert 'a talk.flac' -o 'a talk (convert).wav' --model tiny --device cpu --seed 7 --to Ben",
  )
  const all = settingsOf({ blend: 'Cy', share: 0.25, start: 1, end: 2.5, normalize: false })
  expect(convert.commandOptions(all).join(' ')).toBe(
    '--to Ben --from Ada --blend Cy --share 0.25 --start 1 --end 2.5 --no-normalize',
  )
})
