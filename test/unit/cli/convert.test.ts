import { link, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAudio, readMono } from '../../../src-main/dsp'
import { writeTinyBlow } from '../../helpers/blow-pack'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { largestDifference } from '../../helpers/signals'
import { ruleVoices, spoken } from '../../helpers/spoken'
import { utterance } from '../../helpers/voices'
import { installNagare, refusal, wavFloat, type Nagare } from './nagare'

const rate = 44_100
/** Odd, and a second and a bit. */
const frames = 50_001
const channels = [utterance('ada', frames, rate, 1), utterance('ada', frames, rate, 2)].map((x) =>
  x.map((value) => 0.3 * value + 0.1),
)

let nagare: Nagare
let packs: string
beforeAll(async () => {
  nagare = await installNagare()
  packs = await mkdtemp(join(tmpdir(), 'nagare-convert-'))
  await writeTinyBlow(join(packs, 'tiny'), { sampleRate: 8000, frame: 256 })
}, 60_000)
afterAll(async () => {
  await nagare.remove()
  await rm(packs, { recursive: true, force: true })
})

/** A folder with a stereo recording at 44.1 kHz, and a run in it on the tiny model. */
async function place() {
  const cwd = await tempFolder()
  await writeFile(join(cwd, 'talk.wav'), wavFloat(channels, rate))
  const run = (...args: string[]) => nagare.run(['convert', ...args, '--model', join(packs, 'tiny')], { cwd })
  const samples = (name: string) => readMono(join(cwd, name), rate)
  return {
    cwd,
    run,
    samples,
    written: async () => (await filesUnder(cwd)).filter((name) => !name.startsWith('.home/')),
  }
}

async function infoOf(path: string) {
  const reader = await openAudio(path)
  await reader.close()
  return reader.info
}

const mean = (x: Float32Array) => x.reduce((sum, value) => sum + value, 0) / x.length
const peak = (x: Float32Array) => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

describe('nagare convert', () => {
  it('gives a recording another voice at its own rate and length, and says what it mixed', async () => {
    const { cwd, run, samples } = await place()
    const voices = ['--to', 'ben', '--from', 'ADA']
    const { code, out, err } = await run('talk.wav', '-o', 'out.wav', ...voices, '--seed', '3', '--json')
    expect([code, err]).toEqual([0, 'talk.wav has 2 channels; they were mixed to one.\n'])
    expect(JSON.parse(out)).toMatchObject({
      ...{ task: 'convert', device: 'cpu', seed: 3, format: 'f32', output: join(cwd, 'out.wav') },
      settings: { to: 'Ben', from: 'Ada', blend: '', share: 0.5, start: null, end: null, normalize: true },
      ...{ from: 'Ada', identified: false, likelihoods: null, channels: 2, clippedSource: 0 },
      ...{ materialSeconds: frames / rate, rtf: expect.any(Number) },
    })
    const made = { sampleRate: rate, channels: 1, frames, encoding: 'f32' }
    expect(await infoOf(join(cwd, 'out.wav'))).toMatchObject(made)
    expect(peak(await samples('out.wav'))).toBeCloseTo(0.98, 4)
    await run('talk.wav', '-o', 'again.wav', ...voices, '--seed', '3')
    expect((await readFile(join(cwd, 'again.wav'))).equals(await readFile(join(cwd, 'out.wav')))).toBe(true)
  })

  it('finds out who speaks, and says so', async () => {
    const { cwd, run } = await place()
    await writeFile(join(cwd, 'word.wav'), wavFloat([spoken(ruleVoices.low, 1, 1, rate)], rate))
    const { out } = await run('word.wav', '-o', 'out.wav', '--to', 'Ben', '--json')
    const { from, identified, likelihoods } = JSON.parse(out) as {
      from: string
      identified: boolean
      likelihoods: Record<string, number>
    }
    const [best] = Object.entries(likelihoods).sort(([, a], [, b]) => b - a)[0]!
    expect([from, identified]).toEqual([best, true])
    const said = await run('word.wav', '-o', 'out.wav', '--to', 'Ben', '--blend', 'Cy', '--share', '0.2')
    expect(said.out).toContain(`out.wav: ${best}, it seems, as 80 % Ben, 20 % Cy (`)
  })

  it('keeps the level where it is told to, and no offset', async () => {
    const { run, samples } = await place()
    const voices = ['--to', 'Ben', '--from', 'Ada']
    expect(await run('talk.wav', '-o', 'out.wav', ...voices, '--no-normalize')).toMatchObject({ code: 0 })
    const kept = await samples('out.wav')
    expect(mean(kept)).toBeCloseTo(0, 6)
    expect(peak(kept)).toBeLessThan(0.7)
    await run('talk.wav', '-o', 'full.wav', ...voices)
    const gain = 0.98 / peak(kept)
    expect(
      largestDifference(
        await samples('full.wav'),
        kept.map((value) => gain * value),
      ),
    ).toBeLessThan(1e-5)
  })

  it('converts a stretch and leaves the rest', async () => {
    const { run, samples } = await place()
    const stretch = ['--start', '0.25', '--end', '0.75']
    const { out } = await run('talk.wav', '-o', 'out.wav', '--to', 'Ben', '--from', 'Ada', ...stretch, '--json')
    expect(JSON.parse(out)).toMatchObject({ materialSeconds: 0.5, settings: { start: 0.25, end: 0.75 } })
    const [before, after] = [await samples('talk.wav'), await samples('out.wav')]
    expect(largestDifference(after.subarray(0, 11_025), before.subarray(0, 11_025))).toBe(0)
    expect(largestDifference(after.subarray(33_075), before.subarray(33_075))).toBe(0)
    expect(largestDifference(after, before)).toBeGreaterThan(0.05)
  })

  it.each([
    ['out.wav', 's16', 'wav', 's16'],
    ['out.flac', 's24', 'flac', 'compressed'],
  ])('writes %s in %s', async (name, format, container, encoding) => {
    const { cwd, run, written } = await place()
    expect(await run('talk.wav', '-o', name, '--to', 'Cy', '--format', format)).toMatchObject({ code: 0 })
    expect(await infoOf(join(cwd, name))).toMatchObject({ sampleRate: rate, channels: 1, frames, container, encoding })
    expect(await written()).toEqual([name, 'talk.wav'])
  })

  it('tells of a clipped recording, also where one channel alone is', async () => {
    const { cwd, run } = await place()
    const clipped = channels[1]!.map((value, i) => (i % 100 < 2 ? 1 : value))
    await writeFile(join(cwd, 'loud.wav'), wavFloat([channels[0]!, clipped], rate))
    const { err, out } = await run('loud.wav', '-o', 'out.wav', '--to', 'Ben', '--json')
    expect(err).toContain('loud.wav is clipped (2.0 % at full scale); a voice suffers by that.\n')
    expect((JSON.parse(out) as { clippedSource: number }).clippedSource).toBeCloseTo(0.02, 4)
  })

  const to = ['--to', 'Ben']
  it.each([
    [['talk.wav', ...to], refusal(2, '--out is missing')],
    [['-o', 'out.wav', ...to], refusal(2, 'convert needs a recording')],
    [['talk.wav', '-o', 'out.wav'], refusal(2, '--to is missing', 'Usage: nagare convert')],
    [['talk.wav', '-o', 'out.wav', '--to', ''], refusal(2, '--to is missing')],
    [['talk.wav', 'more.wav', '-o', 'out.wav', ...to], refusal(2, 'no use for more.wav')],
    [['gone.wav', '-o', 'out.wav', ...to], refusal(1, 'gone.wav', 'no such file')],
    [['talk.wav', '-o', 'out.mp3', ...to], refusal(1, 'WAV and FLAC are written')],
    [['talk.wav', '-o', 'out.flac', '--format', 'f32', ...to], refusal(2, 'FLAC holds s16 and s24')],
    [['talk.wav', '-o', 'nowhere/out.wav', ...to], refusal(1, 'there is no folder')],
    [['talk.wav', '-o', 'out.wav', '--to', 'Zoe'], refusal(2, 'no voice Zoe', 'Ada, Ben, Cy')],
    [['talk.wav', '-o', 'out.wav', ...to, '--from', 'Zoe'], refusal(2, 'no voice Zoe', 'Ada, Ben, Cy')],
    [['talk.wav', '-o', 'out.wav', ...to, '--blend', 'Zoe'], refusal(2, 'no voice Zoe', 'Ada, Ben, Cy')],
    [['talk.wav', '-o', 'out.wav', ...to, '--blend', 'Cy', '--share', '2'], refusal(2, '--share', 'got 2')],
    [['talk.wav', '-o', 'out.wav', ...to, '--share', '0.2'], refusal(2, '--share', '--blend is missing')],
    [['talk.wav', '-o', 'out.wav', ...to, '--start', '-1'], refusal(2, '--start')],
    [
      ['talk.wav', '-o', 'out.wav', ...to, '--start', '2'],
      refusal(2, 'talk.wav', 'nothing between 2 s', '1.13 s long'),
    ],
    [['talk.wav', '-o', 'out.wav', ...to, '--start', '1', '--end', '0.5'], refusal(2, 'nothing between 1 s and 0.5 s')],
    ...['to', 'from', 'blend'].map((option): [string[], object] => [
      ['talk.wav', '-o', 'out.wav', ...(option === 'to' ? [] : to), `--${option}`, 'x'.repeat(201)],
      refusal(2, `--${option} `, '200 characters, got 201'),
    ]),
  ])('refuses %j', async (args, ended) => {
    const { run, written } = await place()
    expect(await run(...args)).toEqual(ended)
    expect(await written()).toEqual(['talk.wav'])
  })

  it('refuses silence, an offset, another kind of model, and its own input as output', async () => {
    const { cwd, run, written } = await place()
    await writeFile(join(cwd, 'none.wav'), wavFloat([new Float32Array(frames)], rate))
    await writeFile(join(cwd, 'flat.wav'), wavFloat([new Float32Array(frames).fill(0.1)], rate))
    for (const name of ['none.wav', 'flat.wav'])
      expect(await run(name, '-o', 'out.wav', ...to)).toEqual(refusal(2, name, 'is silent there', 'somebody speaks'))
    const speech = ['convert', 'talk.wav', '-o', 'out.wav', ...to, '--model', 'speech-enhancer']
    expect(await nagare.run(speech, { cwd })).toEqual(refusal(2, 'vae-nmf', 'blow'))
    await link(join(cwd, 'talk.wav'), join(cwd, 'same.wav'))
    for (const name of ['talk.wav', 'same.wav'])
      expect(await run('talk.wav', '-o', name, ...to)).toEqual(refusal(1, 'the input itself'))
    expect(await written()).toEqual(['flat.wav', 'none.wav', 'same.wav', 'talk.wav'])
  })

  it('is in the help', async () => {
    const cwd = await tempFolder()
    expect((await nagare.run(['help'], { cwd })).out).toMatch(/convert +Give a recording of a voice another voice/)
    const { out } = await nagare.run(['convert', '--help'], { cwd })
    for (const word of ['--to SPEAKER', '--from', '--no-normalize', 'a stretch always keeps it'])
      expect(out).toContain(word)
  })
})
