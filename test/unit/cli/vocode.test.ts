import { link, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { melSpectrogram, openAudio } from '../../../src-main/dsp'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { babble } from '../../helpers/signals'
import { npyBytes, tinyFrontEnd, writeTinyWaveGlow } from '../../helpers/waveglow-pack'
import { installNagare, refusal, wavFloat, type Nagare } from './nagare'

const { mels, hop, sampleRate: rate } = tinyFrontEnd
const speech = babble(6000, rate)
const mel = melSpectrogram(speech, tinyFrontEnd)
const frames = mel.length / mels

let nagare: Nagare
let packs: string
beforeAll(async () => {
  nagare = await installNagare()
  packs = await mkdtemp(join(tmpdir(), 'nagare-vocode-'))
  await writeTinyWaveGlow(join(packs, 'tiny'))
  await writeTinyWaveGlow(join(packs, 'loud'), { gain: 5 })
}, 60_000)
afterAll(async () => {
  await nagare.remove()
  await rm(packs, { recursive: true, force: true })
})

/** A folder with a stereo recording at 16 kHz and a mel spectrogram, and a run in it on the tiny model. */
async function place() {
  const cwd = await tempFolder()
  await writeFile(join(cwd, 'talk.wav'), wavFloat([babble(9001, 16_000), babble(9001, 16_000, 2)], 16_000))
  await writeFile(join(cwd, 'talk.npy'), npyBytes([frames, mels], mel))
  const run = (...args: string[]) => nagare.run(['vocode', ...args, '--model', join(packs, 'tiny')], { cwd })
  return { cwd, run, written: async () => (await filesUnder(cwd)).filter((name) => !name.startsWith('.home/')) }
}

async function infoOf(path: string) {
  const reader = await openAudio(path)
  await reader.close()
  return reader.info
}

describe('nagare vocode', () => {
  it('makes a recording anew at its own rate and length, and says what it mixed', async () => {
    const { cwd, run } = await place()
    const { code, out, err } = await run('talk.wav', '-o', 'out.wav', '--seed', '3', '--sigma', '0.5', '--json')
    expect([code, err]).toEqual([0, 'talk.wav has 2 channels; they were mixed to one.\n'])
    expect(JSON.parse(out)).toMatchObject({
      task: 'vocode',
      device: 'cpu',
      seed: 3,
      settings: { sigma: 0.5, denoise: 0.01, precision: 'float32' },
      format: 'f32',
      output: join(cwd, 'out.wav'),
      channels: 2,
      clipped: 0,
      materialSeconds: 9001 / 16_000,
      rtf: expect.any(Number),
    })
    const made = { sampleRate: 16_000, channels: 1, frames: 9001, encoding: 'f32' }
    expect(await infoOf(join(cwd, 'out.wav'))).toMatchObject(made)
    await run('talk.wav', '-o', 'again.wav', '--seed', '3', '--sigma', '0.5')
    expect((await readFile(join(cwd, 'again.wav'))).equals(await readFile(join(cwd, 'out.wav')))).toBe(true)
  })

  it.each([
    ['out.wav', 's16', 'wav', 's16'],
    ['out.wav', 's24', 'wav', 's24'],
    ['out.flac', 's16', 'flac', 'compressed'],
  ])('makes sound of a mel spectrogram as %s in %s', async (name, format, container, encoding) => {
    const { cwd, run, written } = await place()
    expect(await run('talk.npy', '-o', name, '--format', format)).toMatchObject({ code: 0, err: '' })
    const made = { sampleRate: rate, channels: 1, frames: frames * hop, container, encoding }
    expect(await infoOf(join(cwd, name))).toMatchObject(made)
    expect(await written()).toEqual([name, 'talk.npy', 'talk.wav'].sort())
  })

  it('tells of sound beyond full scale', async () => {
    const { cwd } = await place()
    const run = (...more: string[]) =>
      nagare.run(['vocode', 'talk.npy', '-o', 'out.wav', '--model', join(packs, 'loud'), ...more], { cwd })
    expect((await run()).err).toMatch(/^The sound reaches \d+\.\d\d times full scale, which f32 keeps; .*\n$/)
    const { code, out, err } = await run('--format', 's16', '--json')
    expect(err).toMatch(/^The sound reaches .* \d+ samples were clipped\. .*\n$/)
    expect([code, (JSON.parse(out) as { clipped: number }).clipped > 10]).toEqual([0, true])
  })

  it.each([
    [['talk.wav'], refusal(2, '--out is missing')],
    [['-o', 'out.wav'], refusal(2, 'needs a recording or a mel')],
    [['talk.wav', 'talk.npy', '-o', 'out.wav'], refusal(2, 'no use for talk.npy')],
    [['gone.wav', '-o', 'out.wav'], refusal(1, 'gone.wav', 'no such file')],
    [['talk.wav', '-o', 'out.mp3'], refusal(1, 'WAV and FLAC are written')],
    [['talk.wav', '-o', 'out.flac', '--format', 'f32'], refusal(2, 'FLAC holds s16 and s24')],
    [['talk.wav', '-o', 'out.wav', '--format', 's8'], refusal(2, '--format', 'f32, s16, s24')],
    [['talk.wav', '-o', 'out.wav', '--sigma', '1.5'], refusal(2, '--sigma', '1.5')],
    [['talk.wav', '-o', 'out.wav', '--denoise', '-1'], refusal(2, '--denoise')],
    [['talk.wav', '-o', 'nowhere/out.wav'], refusal(1, 'there is no folder')],
  ])('refuses %j', async (args, ended) => {
    const { run, written } = await place()
    expect(await run(...args)).toEqual(ended)
    expect(await written()).toEqual(['talk.npy', 'talk.wav'])
  })

  it('refuses a mel of another model, another kind of model, and its own input as output', async () => {
    const { cwd, run, written } = await place()
    await writeFile(join(cwd, 'wide.npy'), npyBytes([10, 80], new Float32Array(800).fill(-4)))
    expect(await run('wide.npy', '-o', 'out.wav')).toEqual(
      refusal(2, 'wide.npy', '[frames, 16]', '[10, 80]', '16 mel bands'),
    )
    const speech = ['vocode', 'talk.wav', '-o', 'out.wav', '--model', 'speech-enhancer']
    expect(await nagare.run(speech, { cwd })).toEqual(refusal(2, 'vae-nmf', 'waveglow'))
    await link(join(cwd, 'talk.wav'), join(cwd, 'same.wav'))
    for (const name of ['talk.wav', 'same.wav'])
      expect(await run('talk.wav', '-o', name)).toEqual(refusal(1, 'the input itself'))
    expect(await written()).toEqual(['same.wav', 'talk.npy', 'talk.wav', 'wide.npy'])
  })

  it('is in the help', async () => {
    const cwd = await tempFolder()
    expect((await nagare.run(['help'], { cwd })).out).toMatch(/vocode +Make sound from mel/)
    const { out } = await nagare.run(['vocode', '--help'], { cwd })
    for (const word of ['--sigma', '--denoise', '--format', '0.6', '0.01']) expect(out).toContain(word)
  })
})
