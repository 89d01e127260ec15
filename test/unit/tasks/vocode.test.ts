import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { melSpectrogram, openAudio, readMono, resample } from '../../../src-main/dsp'
import { NagareError } from '../../../src-main/lib/errors'
import { jobCommand } from '../../../src-main/engine/job-command'
import type { TaskContext, TaskDefinition } from '../../../src-main/tasks/task'
import { vocode } from '../../../src-main/tasks/vocode'
import { fit } from '../../../src-main/tasks/fit'
import type { VocodeSettings } from '../../../src-main/tasks/vocode/settings'
import { vocodeFile } from '../../../src-main/tasks/vocode/vocode-file'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { babble, largestDifference, tone, wav16 } from '../../helpers/signals'
import { npyBytes, tinyFrontEnd, writeTinyWaveGlow } from '../../helpers/waveglow-pack'
import { wavFloat } from '../cli/nagare'

const { sampleRate: rate, hop, mels } = tinyFrontEnd
const speech = babble(12_000, rate)

/** A run on a second and a half of speech, or on other bytes, whose output goes to `out/` in a folder of its own. */
async function job({
  name = 'talk.wav',
  bytes = wav16(speech, rate),
  gain,
  ...more
}: { name?: string; bytes?: Uint8Array; gain?: number } & Partial<TaskContext<VocodeSettings>> = {}) {
  const folder = await tempFolder()
  const source = join(folder, name)
  await writeFile(source, bytes)
  await mkdir(join(folder, 'out'))
  const context: TaskContext<VocodeSettings> = {
    source,
    sourceName: basename(source),
    settings: vocode.settings.parse({}),
    pack: await writeTinyWaveGlow(join(folder, 'tiny'), gain === undefined ? {} : { gain }),
    device: 'cpu',
    seed: 1,
    output: (role) => join(folder, 'out', `${role}.wav`),
    progress: () => {},
    checkCancelled: () => {},
    ...more,
  }
  return { context, folder, out: join(folder, 'out/vocoded.wav'), left: () => filesUnder(join(folder, 'out')) }
}

async function infoOf(path: string) {
  const reader = await openAudio(path)
  await reader.close()
  return reader.info
}

const stopped = () => new NagareError('cancelled', 'Stopped.')

describe('a recording', () => {
  it('is made anew under its name, with its length, and progress ends there', async () => {
    const seen: number[] = []
    const { context, out, left } = await job({
      progress: ({ materialSeconds }) => materialSeconds !== undefined && seen.push(materialSeconds),
    })
    expect(await vocode.run(context)).toEqual([{ role: 'vocoded', file: out, name: 'talk (vocoded).wav' }])
    expect(await left()).toEqual(['vocoded.wav'])
    expect(await infoOf(out)).toMatchObject({ sampleRate: rate, channels: 1, frames: 12_000, encoding: 'f32' })
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(seen.at(-1)).toBe(1.5)
  })

  it('sounds the same for the same seed, and other for another seed, σ or recording', async () => {
    const samples = async (more: Parameters<typeof job>[0]) => {
      const { context, out } = await job(more)
      await vocode.run(context)
      return readMono(out, rate)
    }
    const first = await samples({})
    expect(largestDifference(await samples({}), first)).toBe(0)
    const others = [
      { seed: 2 },
      { settings: vocode.settings.parse({ sigma: 0.3 }) },
      { settings: vocode.settings.parse({ denoise: 1 }) },
      { bytes: wav16(tone(300, 12_000, rate), rate) },
    ]
    for (const more of others) expect(largestDifference(await samples(more), first)).toBeGreaterThan(1e-3)
  })

  it.each([
    ['44.1 kHz', 44_100, 30_001],
    ['the model’s rate and half a hop', rate, 8 * hop + hop / 2],
    ['a rate below the model’s', 4000, 5003],
    ['one sample', 48_000, 1],
    ['less than a window', rate, 40],
  ])('of %s keeps its rate and length', async (_, sampleRate, frames) => {
    const { context, out } = await job({ bytes: wavFloat([babble(frames, sampleRate)], sampleRate) })
    const { seconds } = await vocodeFile(context)
    expect(await infoOf(out)).toMatchObject({ sampleRate, channels: 1, frames })
    expect(seconds).toBe(frames / sampleRate)
  })

  it('at another rate is vocoded at the model’s and brought back', async () => {
    const low = await job()
    await vocode.run(low.context)
    const high = await job({ bytes: wavFloat([resample(speech, rate, 2 * rate)], 2 * rate) })
    await vocode.run(high.context)
    const [a, b] = [await readMono(low.out, rate), await readMono(high.out, rate)]
    const difference = a.map((value, n) => value - b[n]!)
    const power = (x: Float32Array) => x.subarray(1000, -1000).reduce((sum, value) => sum + value * value, 0)
    expect(power(difference)).toBeLessThan(0.2 * power(a))
  })

  it('in stereo is mixed to one channel, which is told', async () => {
    const left = speech.map((value) => 2 * value)
    const stereo = await job({ bytes: wavFloat([left, new Float32Array(left.length)], rate) })
    expect(await vocodeFile(stereo.context)).toMatchObject({ channels: 2 })
    const mono = await job({ bytes: wavFloat([speech], rate) })
    expect(await vocodeFile(mono.context)).toMatchObject({ channels: 1 })
    expect(largestDifference(await readMono(stereo.out, rate), await readMono(mono.out, rate))).toBeLessThan(1e-4)
  })

  it('that is silent gives finite sound', async () => {
    const { context, out } = await job({ bytes: wav16(new Float32Array(4000), rate) })
    await vocode.run(context)
    expect((await readMono(out, rate)).every(Number.isFinite)).toBe(true)
  })

  it('becomes FLAC or whole numbers where asked, clipped and never wrapped', async () => {
    const { context, folder, out } = await job({ gain: 4 })
    const exact = await vocodeFile(context)
    expect(exact.peak).toBeGreaterThan(2)
    expect(exact.clipped).toBe(0)
    const floats = await readMono(out, rate)
    for (const format of ['s16', 's24'] as const) {
      const { peak, clipped } = await vocodeFile(context, format)
      expect(peak).toBe(exact.peak)
      const within = floats.map((value) => Math.max(-1, Math.min(1, value)))
      expect(largestDifference(await readMono(out, rate), within)).toBeLessThan(format === 's16' ? 1e-4 : 1e-6)
      const over = floats.filter((value) => Math.abs(value) > 1).length
      expect(Math.abs(clipped - over)).toBeLessThan(3)
    }
    const output = (role: string) => join(folder, `${role}.flac`)
    expect((await vocode.run({ ...context, output }))[0]!.name).toBe('talk (vocoded).flac')
    expect(await infoOf(output('vocoded'))).toMatchObject({ container: 'flac', sampleRate: rate, frames: 12_000 })
  })
})

describe('a mel spectrogram', () => {
  const mel = melSpectrogram(speech, tinyFrontEnd)
  const frames = mel.length / mels
  const turned = Float32Array.from(mel, (_, i) => mel[(i % frames) * mels + Math.floor(i / frames)]!)

  it.each([
    ['[frames, mels]', npyBytes([frames, mels], mel)],
    ['[mels, frames]', npyBytes([mels, frames], turned)],
    ['[1, mels, frames]', npyBytes([1, mels, frames], turned)],
  ])('as %s sounds as the recording it comes from, in whole frames', async (_, bytes) => {
    const { context, out } = await job({ name: 'talk.npy', bytes })
    expect(await vocodeFile(context)).toMatchObject({ seconds: (frames * hop) / rate, channels: 1 })
    expect(await infoOf(out)).toMatchObject({ sampleRate: rate, channels: 1, frames: frames * hop })
    const recording = await job({ bytes: wavFloat([speech], rate) })
    await vocode.run(recording.context)
    const [a, b] = [await readMono(out, rate), await readMono(recording.out, rate)]
    expect(largestDifference(a.subarray(0, 11_000), b.subarray(0, 11_000))).toBeLessThan(1e-4)
  })

  it('is told by its bytes, not by its name', async () => {
    const { context, out } = await job({ name: 'talk.wav', bytes: npyBytes([frames, mels], mel) })
    await vocode.run(context)
    expect((await infoOf(out)).frames).toBe(frames * hop)
  })

  const withNan = mel.slice()
  withNan[77] = NaN
  it.each([
    ['of other bands', npyBytes([10, 80], new Float32Array(800).fill(-5)), /\[frames, 16\].*shape \[10, 80\]/],
    ['of no frames', npyBytes([0, mels], []), /without frames/],
    ['with NaN', npyBytes([frames, mels], withNan), /finite numbers, found NaN/],
    [
      'in decibels',
      npyBytes(
        [frames, mels],
        mel.map((value) => 8.7 * value - 20),
      ),
      /natural log-mel/,
    ],
    ['that is cut', npyBytes([frames, mels], mel).subarray(0, 500), /its shape needs/],
  ])('%s is refused by name', async (_, bytes, message) => {
    const { context, left } = await job({ name: 'bad.npy', bytes })
    await expect(vocode.run(context)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      file: context.source,
    })
    expect(await left()).toEqual([])
  })
})

describe('what cannot be vocoded', () => {
  it.each([
    ['an empty file', new Uint8Array(0), 'the file is empty'],
    ['a recording without samples', wav16(new Float32Array(0), rate), 'talk.wav'],
    ['text', Buffer.from('Dear diary'), 'found text'],
    ['a recording with NaN', wavFloat([Float32Array.of(0, NaN, 0)], rate), 'found NaN'],
  ])('%s is refused, and nothing is left', async (_, bytes, words) => {
    const { context, left } = await job({ bytes })
    await expect(vocode.run(context)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining(words),
    })
    expect(await left()).toEqual([])
  })

  it('a pack of another kind is refused', async () => {
    const { context } = await job({
      pack: join(import.meta.dirname, '../../../resources/packs/speech-enhancer.nagare'),
    })
    await expect(vocode.run(context)).rejects.toMatchObject({ message: expect.stringContaining('vae-nmf') })
  })
})

it('leaves nothing wherever it is stopped', async () => {
  let checks = 0
  const counted = await job({ checkCancelled: () => void checks++ })
  await vocode.run(counted.context)
  const all = checks
  expect(all).toBeGreaterThan(6)
  for (const last of [1, 2, Math.ceil(all / 2), all - 1, all]) {
    checks = 0
    const { context, left } = await job({
      checkCancelled() {
        if (++checks === last) throw stopped()
      },
    })
    await expect(vocode.run(context)).rejects.toMatchObject({ code: 'cancelled' })
    expect(await left()).toEqual([])
  }
})

it('says its settings as the command line takes them', () => {
  const plan = { sourceName: 'a talk.npy', pack: 'tiny', device: 'cpu', seed: 7 }
  expect(jobCommand(vocode as unknown as TaskDefinition, vocode.settings.parse({}), plan)).toBe(
    "nagare vocode 'a talk.npy' -o 'a talk (vocode).wav' --model tiny --device cpu --seed 7 --sigma 0.6 --denoise 0.01",
  )
  const { commandOptions, settings } = vocode
  expect(commandOptions(settings.parse({}))).toEqual(['--sigma', '0.6', '--denoise', '0.01'])
  expect(commandOptions(settings.parse({ sigma: 1, precision: 'int8' })).slice(-2)).toEqual(['--precision', 'int8'])
})

it('fit gives the samples asked for, from pieces too many or too few', () => {
  for (const [from, to, samples, given] of [
    [8000, 44_100, 1001, 300],
    [22_050, 16_000, 777, 1100],
    [8000, 8000, 50, 20],
  ] as const) {
    const fitted = fit({ from, to, samples })
    const x = tone(200, given, from)
    const parts = [fitted.push(x.subarray(0, 100)), fitted.push(x.subarray(100)), fitted.flush()]
    expect(parts.reduce((sum, part) => sum + part.length, 0)).toBe(samples)
  }
})
