import { copyFile, link, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAudio, siSdr, type Planar } from '../../../src-main/dsp'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { babble, largestDifference, noise, wav16 } from '../../helpers/signals'
import { golden, installNagare, refusal, wavFloat, type Nagare } from './nagare'

const rate = 16_000
const speech = babble(2 * rate, rate)
const noisy = noise(speech.length, 5, 0.05).map((value, n) => value + speech[n]!)

let nagare: Nagare
let shared: string
beforeAll(async () => {
  nagare = await installNagare()
  shared = await mkdtemp(join(tmpdir(), 'nagare-enhance-'))
  await writeFile(join(shared, 'noisy.wav'), wavFloat([noisy]))
}, 60_000)
afterAll(async () => {
  await nagare.remove()
  await rm(shared, { recursive: true, force: true })
})

async function read(path: string) {
  const reader = await openAudio(path)
  try {
    return { ...reader.info, samples: (await reader.read(reader.info.frames))! }
  } finally {
    await reader.close()
  }
}

const sum = (a: Planar, b: Planar) => a.map((x, c) => x.map((value, n) => value + b[c]![n]!))

describe('one recording', () => {
  it('becomes clean speech and noise that add up to it, the same for the same seed', async () => {
    const run = (name: string, seed: number) =>
      nagare.run(
        ['enhance', 'noisy.wav', '-o', `${name}.wav`, '--noise-out', `${name}-noise.wav`, '--iterations', '10'].concat([
          '--seed',
          String(seed),
          '--json',
        ]),
        { cwd: shared },
      )
    const first = await run('first', 3)
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(first.out)).toMatchObject({
      task: 'enhance',
      device: 'cpu',
      seed: 3,
      settings: { strength: 1, iterations: 10 },
      files: [
        {
          input: join(shared, 'noisy.wav'),
          output: join(shared, 'first.wav'),
          noise: join(shared, 'first-noise.wav'),
          materialSeconds: 2,
          rtf: expect.any(Number),
        },
      ],
    })
    const clean = await read(join(shared, 'first.wav'))
    const rest = await read(join(shared, 'first-noise.wav'))
    expect(clean).toMatchObject({ sampleRate: rate, channels: 1, frames: noisy.length, encoding: 'f32' })
    expect(largestDifference(sum(clean.samples, rest.samples)[0]!, noisy)).toBeLessThan(1e-6)
    expect(siSdr(speech, clean.samples[0]!)).toBeGreaterThan(siSdr(speech, noisy) + 3)

    expect((await run('again', 3)).code).toBe(0)
    const bytes = (name: string) => readFile(join(shared, name))
    expect((await bytes('again.wav')).equals(await bytes('first.wav'))).toBe(true)
    expect((await bytes('again-noise.wav')).equals(await bytes('first-noise.wav'))).toBe(true)
    expect((await run('other', 4)).code).toBe(0)
    expect((await bytes('other.wav')).equals(await bytes('first.wav'))).toBe(false)
  })

  it('comes back as it was at strength 0', async () => {
    const args = ['enhance', 'noisy.wav', '-o', 'same.wav', '--strength', '0', '--iterations', '1']
    expect(await nagare.run(args, { cwd: shared })).toMatchObject({ code: 0, err: '' })
    expect((await read(join(shared, 'same.wav'))).samples).toEqual([noisy])
  })

  it.each([
    ['stereo at 44.1 kHz', 2, 44_100, 30_000],
    ['mono at 8 kHz', 1, 8000, 6001],
    ['8 channels at 192 kHz', 8, 192_000, 30_011],
    ['a clip of 5 ms', 1, 16_000, 80],
    ['one sample', 1, 48_000, 1],
  ])('of %s keeps its rate, channels and length', async (_, channels, sampleRate, frames) => {
    const cwd = await tempFolder()
    const input = Array.from({ length: channels }, (_, c) => {
      const x = babble(frames, sampleRate, c + 1)
      return noise(frames, c + 20, 0.03).map((value, n) => value + x[n]!)
    })
    await writeFile(join(cwd, 'in.wav'), wavFloat(input, sampleRate))
    const args = ['enhance', 'in.wav', '-o', 'out.wav', '--noise-out', 'noise.wav', '--iterations', '2']
    expect(await nagare.run(args, { cwd })).toMatchObject({ code: 0, err: '' })
    const clean = await read(join(cwd, 'out.wav'))
    expect(clean).toMatchObject({ sampleRate, channels, frames })
    const both = sum(clean.samples, (await read(join(cwd, 'noise.wav'))).samples)
    for (const [c, x] of both.entries()) expect(largestDifference(x, input[c]!)).toBeLessThan(1e-6)
  })

  it('that is silent stays silent', async () => {
    const cwd = await tempFolder()
    await writeFile(join(cwd, 'in.wav'), wavFloat([new Float32Array(rate)]))
    expect(await nagare.run(['enhance', 'in.wav', '-o', 'out.wav'], { cwd })).toMatchObject({ code: 0, err: '' })
    expect((await read(join(cwd, 'out.wav'))).samples).toEqual([new Float32Array(rate)])
  })

  it('may be an MP3, and become a FLAC', async () => {
    const cwd = await tempFolder()
    const source = golden('audio/tone-440.mp3')
    const args = ['enhance', source, '-o', 'out.flac', '--iterations', '2']
    expect(await nagare.run(args, { cwd })).toMatchObject({ code: 0, err: '' })
    const { sampleRate, channels, frames } = await read(source)
    expect(await read(join(cwd, 'out.flac'))).toMatchObject({ container: 'flac', sampleRate, channels, frames })
    const written = (await filesUnder(cwd)).filter((name) => !name.startsWith('.home/cache/'))
    expect(written).toEqual(['out.flac'])
  })

  it('is never replaced by its own result, whatever its name', async () => {
    const cwd = await tempFolder()
    const bytes = wavFloat([noisy])
    await writeFile(join(cwd, 'in.wav'), bytes)
    await symlink(join(cwd, 'in.wav'), join(cwd, 'soft.wav'))
    await link(join(cwd, 'in.wav'), join(cwd, 'hard.wav'))
    const before = await filesUnder(cwd)
    for (const args of [
      ['in.wav', '-o', './in.wav'],
      ['soft.wav', '-o', 'in.wav'],
      ['in.wav', '-o', 'hard.wav'],
      ['in.wav', '-o', 'out.wav', '--noise-out', 'in.wav'],
    ])
      expect(await nagare.run(['enhance', ...args], { cwd })).toEqual(refusal(1, 'is the recording itself'))
    const twice = ['enhance', 'in.wav', '-o', 'out.wav', '--noise-out', './out.wav']
    expect(await nagare.run(twice, { cwd })).toEqual(refusal(1, 'out.wav', 'both the speech and the noise'))
    expect(await filesUnder(cwd)).toEqual(before)
    expect((await readFile(join(cwd, 'in.wav'))).equals(bytes)).toBe(true)
  })
})

describe('several recordings', () => {
  const short = wav16(noisy.subarray(0, 4000))

  it('go to a folder, each under a name of its own', async () => {
    const cwd = await tempFolder()
    for (const folder of ['one', 'two']) await mkdir(join(cwd, folder))
    for (const name of ['one/a.wav', 'two/a.wav', 'b.wav']) await writeFile(join(cwd, name), short)
    await copyFile(golden('audio/tone-440.flac'), join(cwd, 'c.flac'))
    const inputs = ['one/a.wav', 'two/a.wav', 'b.wav', 'c.flac']
    const args = ['enhance', ...inputs, '-o', 'clean/', '--iterations', '1', '--json']
    const { code, out, err } = await nagare.run(args, { cwd })
    expect([code, err]).toEqual([0, ''])
    expect(await filesUnder(join(cwd, 'clean'))).toEqual(['a (clean).wav', 'a.wav', 'b.wav', 'c.wav'])
    const { files, failed } = JSON.parse(out) as { files: { input: string; output: string }[]; failed: unknown[] }
    expect(files.map(({ input }) => input)).toEqual(inputs.map((name) => join(cwd, name)))
    expect(failed).toEqual([])
  })

  it('are cleaned but for the bad ones, which are named', async () => {
    const cwd = await tempFolder()
    await writeFile(join(cwd, 'a.wav'), short)
    await writeFile(join(cwd, 'text.wav'), 'Dear diary')
    await writeFile(join(cwd, 'b.wav'), short)
    await mkdir(join(cwd, 'clean'))
    const args = ['enhance', 'a.wav', 'text.wav', 'gone.wav', 'b.wav', '-o', 'clean', '--iterations', '1', '--json']
    const ended = await nagare.run(args, { cwd })
    const line = refusal(2, '2 of 4 recordings', 'text.wav, gone.wav', 'found text')
    expect(ended).toEqual({ ...line, out: ended.out })
    expect(JSON.parse(ended.out)).toMatchObject({
      files: [{ output: join(cwd, 'clean/a.wav') }, { output: join(cwd, 'clean/b.wav') }],
      failed: [{ input: join(cwd, 'text.wav') }, { input: join(cwd, 'gone.wav') }],
    })
    expect(await filesUnder(join(cwd, 'clean'))).toEqual(['a.wav', 'b.wav'])
  })

  it('beside their results keep their names', async () => {
    const cwd = await tempFolder()
    await writeFile(join(cwd, 'a.wav'), short)
    const ended = await nagare.run(['enhance', 'a.wav', '-o', '.', '--iterations', '1'], { cwd })
    expect(ended).toMatchObject({ code: 0, out: expect.stringContaining(join(cwd, 'a (clean).wav')) })
    expect((await readFile(join(cwd, 'a.wav'))).equals(short)).toBe(true)
  })
})
