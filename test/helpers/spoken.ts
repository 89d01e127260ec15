import { random } from '../../src-main/lib/random'

/** A voice made by rule: its pitch and formants, Hz. */
export interface RuleVoice {
  pitch: number
  formants: readonly number[]
}

export const ruleVoices = {
  low: { pitch: 90, formants: [500, 1300, 2300] },
  middle: { pitch: 140, formants: [620, 1700, 2700] },
  high: { pitch: 210, formants: [800, 2100, 3300] },
} satisfies Record<string, RuleVoice>

/** Where the first formant goes in each word, as factors over its thirds. */
const words: readonly (readonly [number, number, number])[] = [
  [0.6, 0.6, 0.6],
  [0.6, 1, 1.5],
  [1.5, 1, 0.6],
]

/** A word said by a voice, no two takes alike: pulses through resonances, a little noise beneath. About a third of a second at `rate` Hz. */
export function spoken({ pitch, formants }: RuleVoice, word: number, take: number, rate = 8000): Float32Array {
  const draws = random(1000 * word + take + Math.round(pitch))
  const length = Math.round(rate * (0.3 + 0.06 * draws.uniform()))
  const height = pitch * (0.94 + 0.12 * draws.uniform())
  const gain = 0.2 + 0.6 * draws.uniform()
  const factors = words[word]!
  const states = formants.map(() => [0, 0] as [number, number])
  const out = new Float32Array(length)
  let phase = draws.uniform()
  for (let n = 0; n < length; n++) {
    phase += height / rate
    let value = 0.002 * draws.normal()
    if (phase >= 1) {
      phase -= 1
      value += 1
    }
    const factor = factors[Math.min(2, Math.floor((3 * n) / length))]!
    for (const [k, hz] of formants.entries()) {
      // A resonance of 90 Hz bandwidth.
      const radius = Math.exp((-Math.PI * 90) / rate)
      const angle = (2 * Math.PI * (k === 0 ? hz * factor : hz)) / rate
      const [last, before] = states[k]!
      value = (1 - radius) * value + 2 * radius * Math.cos(angle) * last - radius * radius * before
      states[k] = [value, last]
    }
    out[n] = value * Math.sin((Math.PI * (n + 0.5)) / length)
  }
  const largest = out.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  return out.map((x) => (gain * x) / largest)
}
