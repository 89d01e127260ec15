import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { random } from '../../src-main/lib/random'
import { wav16 } from './signals'

/** Pitch (Hz) and resonances (Hz) that tell made-up voices apart. */
const speakers: Record<string, { pitch: number; formants: [number, number] }> = {
  ada: { pitch: 210, formants: [800, 2400] },
  ben: { pitch: 95, formants: [400, 1100] },
  cy: { pitch: 140, formants: [600, 3000] },
}

/** A made-up voice saying something of its own each time: pulses through two resonances under a syllable-like envelope. */
export function utterance(speaker: string, samples: number, rate: number, seed: number): Float32Array {
  const { pitch, formants } = speakers[speaker]!
  const draws = random(seed)
  const out = new Float32Array(samples)
  const states = formants.map(() => [0, 0] as [number, number])
  const glide = 0.9 + 0.2 * draws.uniform()
  let phase = draws.uniform()
  for (let n = 0; n < samples; n++) {
    phase += (pitch * glide * (1 + 0.05 * Math.sin((2 * Math.PI * 3 * n) / rate))) / rate
    const pulse = phase >= 1 ? 1 : 0
    if (phase >= 1) phase -= 1
    const source = pulse + 0.02 * draws.normal()
    let value = 0
    for (const [i, formant] of formants.entries()) {
      const state = states[i]!
      const next = source + 2 * 0.97 * Math.cos((2 * Math.PI * formant) / rate) * state[0] - 0.97 ** 2 * state[1]
      states[i] = [next, state[0]]
      value += next
    }
    out[n] = value * (0.6 + 0.4 * Math.sin((2 * Math.PI * 2.5 * n) / rate))
  }
  const peak = out.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  return out.map((x) => (0.8 * x) / peak)
}

/** Writes utterances of made-up speakers as `name(speaker, number)` into `folder`. */
export async function writeVoices(
  folder: string,
  { names, count, seconds, rate }: { names: readonly string[]; count: number; seconds: number; rate: number },
  name: (speaker: string, utterance: number) => string = (speaker, i) => `${speaker}/${i}.wav`,
): Promise<void> {
  for (const [s, speaker] of names.entries())
    for (let i = 0; i < count; i++) {
      const path = join(folder, name(speaker, i))
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, wav16(utterance(speaker, Math.round(seconds * rate), rate, 1000 * s + i), rate))
    }
}
