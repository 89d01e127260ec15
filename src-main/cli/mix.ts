import { basename, extname } from 'node:path'
import { createFlac, createWav, joinSignals, mixAtSnr, openAudio, peak, readMono } from '../dsp'
import { NagareError } from '../lib/errors'
import { random } from '../lib/random'
import { commonOptions, needed, number, oneOf, seedOf, type Command } from './command'
import { formatFor, inputFile, otherThan, outputPath, soundFormats, soundName } from './outputs'

const usage = 'nagare mix SPEECH… --noise FILE -o OUT [--snr DB] [--format f32|s16|s24]'

const defaultSnr = 5
/** Seconds of noise alone before, between and after the recordings. */
const pause = 0.4
/** Full scale is kept clear of the mixture by this much. */
const most = 0.9

export const mix: Command = {
  name: 'mix',
  usage,
  summary: 'Put noise under recordings of speech, to try enhancement with',
  help: {
    'SPEECH…': 'clean recordings, one after the other; the rate is that of the first, in one channel',
    '--noise FILE': 'a recording of noise; repeated or cut to the length, from a place that the seed chooses',
    '-o, --out FILE': 'the mixture, .wav or .flac',
    '--snr DB': `level of the speech above the noise, from −30 to 60 dB (${defaultSnr})`,
    '--format FORMAT': 'samples of OUT: f32, s16 or s24 (f32; in FLAC s24)',
  },
  options: {
    ...commonOptions,
    noise: { type: 'string' },
    out: { type: 'string', short: 'o' },
    snr: { type: 'string' },
    format: { type: 'string' },
  },
  async run({ values, positionals }, terminal) {
    if (positionals.length === 0)
      throw new NagareError('bad-input', 'mix needs a recording of speech.', { hint: `Usage: ${usage}` })
    const snr = number(values, 'snr', { min: -30, max: 60 }) ?? defaultSnr
    const noiseFile = await inputFile(needed(values, 'noise', usage))
    const given = soundName(needed(values, 'out', usage))
    const format = formatFor(given, oneOf(values, 'format', soundFormats))
    const out = await outputPath(given)
    const files: string[] = []
    for (const name of positionals) files.push(await inputFile(name))
    for (const file of [...files, noiseFile]) await otherThan(file, out, given)

    const rate = await rateOf(files[0]!)
    const parts: Float32Array[] = [new Float32Array(Math.round(pause * rate))]
    for (const [i, file] of files.entries()) {
      terminal.checkCancelled()
      terminal.progress({ phase: `Reading ${basename(file)}`, done: i, total: files.length })
      parts.push(await readMono(file, rate), parts[0]!)
    }
    const speech = joinSignals(parts)
    const noise = await readMono(noiseFile, rate)
    for (const [sound, file] of [
      [speech, files[0]!],
      [noise, noiseFile],
    ] as const)
      if (peak(sound) === 0)
        throw new NagareError('bad-input', `${file}: expected sound, found silence.`, {
          ...{ hint: 'Choose another recording.', file },
        })
    const start = Math.floor(random(seedOf(values)).uniform() * noise.length)
    const turned = joinSignals([noise.subarray(start), noise.subarray(0, start)])
    const { mixture } = mixAtSnr(speech, turned, snr)
    const gain = Math.min(1, most / peak(mixture))
    const sound = mixture.map((value) => value * gain)

    const shape = { sampleRate: rate, channels: 1 }
    const writer =
      extname(out).toLowerCase() === '.flac'
        ? await createFlac(out, { ...shape, bits: format === 's16' ? 16 : 24 })
        : await createWav(out, { ...shape, format })
    await writer.write([sound])
    await writer.finish()
    const seconds = sound.length / rate
    return {
      json: { out, seconds, sampleRate: rate, snr },
      text: `${seconds.toFixed(1)} s of speech ${snr} dB above the noise in ${out}.`,
    }
  },
}

async function rateOf(file: string): Promise<number> {
  const reader = await openAudio(file)
  await reader.close()
  return reader.info.sampleRate
}
