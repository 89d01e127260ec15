import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { mix } from '../../../src-main/cli/mix'
import type { Arguments, Terminal } from '../../../src-main/cli/command'
import { openAudio, readMono, rms } from '../../../src-main/dsp'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { noise, wav16 } from '../../helpers/signals'

const terminal: Terminal = {
  progress() {},
  note() {},
  checkCancelled() {},
  signal: new AbortController().signal,
}
const run = (positionals: string[], values: Arguments['values']) => mix.run({ positionals, values }, terminal)

async function files() {
  const home = await tempFolder()
  const speech = join(home, 'speech.wav')
  const hum = join(home, 'hum.wav')
  const silence = join(home, 'silence.wav')
  await writeFile(speech, wav16(noise(16_000, 1)))
  await writeFile(hum, wav16(noise(4_000, 2)))
  await writeFile(silence, wav16(new Float32Array(4_000)))
  return { home, speech, hum, silence, out: join(home, 'mixed.wav') }
}

it('puts noise under speech at the ratio asked for, from start to end, and the same for one seed', async () => {
  const { home, speech, hum, out } = await files()
  const outcome = await run([speech, speech], { noise: hum, out, snr: '10', seed: '4' })
  expect(outcome?.json).toMatchObject({ sampleRate: 16_000, snr: 10, seconds: 3.2 })
  const mixed = await readMono(out, 16_000)
  // Noise alone in the pauses, both in the recordings: 10 dB of power apart over the whole.
  const level = (from: number, to: number) => rms(mixed.subarray(from * 16_000, to * 16_000)) ** 2
  const noiseAlone = (level(0, 0.4) + level(1.4, 1.8) + level(2.8, 3.2)) / 3
  const all = level(0, 3.2)
  expect(10 * Math.log10((all - noiseAlone) / noiseAlone)).toBeGreaterThan(9.5)
  expect(10 * Math.log10((all - noiseAlone) / noiseAlone)).toBeLessThan(10.5)
  const again = join(home, 'again.wav')
  await run([speech, speech], { noise: hum, out: again, snr: '10', seed: '4' })
  expect(await readMono(again, 16_000)).toEqual(mixed)
})

it('writes FLAC of 16 bits too', async () => {
  const { home, speech, hum } = await files()
  const out = join(home, 'mixed.flac')
  await run([speech], { noise: hum, out, format: 's16' })
  const reader = await openAudio(out)
  await reader.close()
  expect(reader.info).toMatchObject({ container: 'flac', sampleRate: 16_000, channels: 1 })
})

it('refuses what cannot be mixed, and leaves nothing', async () => {
  const { home, speech, hum, silence, out } = await files()
  const before = await filesUnder(home)
  await expect(run([], { noise: hum, out })).rejects.toMatchObject({ code: 'bad-input' })
  await expect(run([speech], { out })).rejects.toThrow('--noise')
  await expect(run([speech], { noise: silence, out })).rejects.toThrow('silence')
  await expect(run([speech], { noise: hum, out: speech })).rejects.toMatchObject({ code: 'conflict' })
  await expect(run([speech], { noise: hum, out, snr: '99' })).rejects.toThrow('--snr')
  expect(await filesUnder(home)).toEqual(before)
})
