import type { Evaluation } from '../family'
import type { RoundTrip, SpeechLost } from './conversions'
import type { Spoken } from './test-material'
import type { VoiceScores } from './voice-scores'

/** What the judges took a sound for. */
export interface Verdict {
  speaker: string
  word: string | undefined
}

/** All that an evaluation found, item by item. */
export interface Findings {
  /** Names of the model's voices. */
  voices: readonly string[]
  /** What the content judge chooses among; undefined where there is none. */
  words: readonly string[] | undefined
  /** Utterances with their likelihoods. */
  scored: readonly (Spoken & VoiceScores)[]
  /** Real recordings, as the judges took them, and their round trips. */
  real: readonly (Spoken & { verdict: Verdict; roundTrip: RoundTrip })[]
  converted: readonly {
    from: number
    to: number
    word: string | undefined
    verdict: Verdict
    distance: number
    speech: SpeechLost
  }[]
}

/** The figures of all items together; those that nothing was found for are left out. */
export function metricsOf(found: Findings): Evaluation['metrics'] {
  const { scored, real, converted } = found
  const all = figuresOf(found, scored, real, converted)
  const energy = (key: 'error' | 'energy') => real.reduce((sum, { roundTrip }) => sum + roundTrip[key], 0)
  const metrics: [name: string, value: number, unit: string][] = [
    ['test likelihood', all.likelihood, 'nats/sample'],
    ['likelihood under the mean embedding', all.averaged, 'nats/sample'],
    ['likelihood under other voices', all.others, 'nats/sample'],
    ['speakers identified by likelihood', all.identified, '%'],
    ['spoofing rate', all.spoofing, '%'],
    ['conversions taken for their source', share(converted, ({ from, verdict }) => isVoice(found, from, verdict)), '%'],
    ['speaker judge on real recordings', all.recognised, '%'],
    ['content judge on conversions', all.content, '%'],
    ['content judge on real recordings', all.understood, '%'],
    ['content kept', (100 * all.content) / all.understood, '%'],
    ['speech lost in conversions', all.lost, '%'],
    ['log-spectral distance of conversions', mean(converted.map(({ distance }) => distance)), 'dB'],
    ['log-spectral distance of round trips', mean(real.map(({ roundTrip }) => roundTrip.distance)), 'dB'],
    ['reconstruction error of round trips', 10 * Math.log10(Math.max(1e-20, energy('error') / energy('energy'))), 'dB'],
  ]
  return metrics.filter(([, value]) => Number.isFinite(value)).map(([name, value, unit]) => ({ name, value, unit }))
}

/** A row for each voice: its real recordings, and the conversions into it. Figures that nothing was found for are a dash. */
export function rowsOf(found: Findings): Evaluation['rows'] {
  const { voices, words, scored, real, converted } = found
  const present = new Set([...scored, ...real].map(({ voice }) => voice).concat(converted.map(({ to }) => to)))
  return [...present]
    .sort((a, b) => a - b)
    .map((voice) => {
      const own = {
        scored: scored.filter((item) => item.voice === voice),
        real: real.filter((item) => item.voice === voice),
      }
      const into = converted.filter(({ to }) => to === voice)
      const { content, understood, ...others } = figuresOf(found, own.scored, own.real, into)
      const row = {
        voice: voices[voice]!,
        utterances: own.real.length,
        conversions: into.length,
        ...others,
        ...(words ? { content, understood } : {}),
      }
      return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number.isNaN(value) ? '–' : value]))
    })
}

/** Means and shares of some of the items, NaN where there are none. */
function figuresOf(
  found: Findings,
  scored: Findings['scored'],
  real: Findings['real'],
  converted: Findings['converted'],
) {
  const weighted = (of: (item: VoiceScores & Spoken) => number) =>
    scored.reduce((sum, item) => sum + item.frames * of(item), 0) / scored.reduce((sum, { frames }) => sum + frames, 0)
  const heard = <T extends { word: string | undefined }>(items: readonly T[]) =>
    items.filter(({ word }) => word !== undefined && found.words?.includes(word))
  const blocks = (key: keyof SpeechLost) => converted.reduce((sum, { speech }) => sum + speech[key], 0)
  const isSameWord = ({ word, verdict }: { word: string | undefined; verdict: Verdict }) => word === verdict.word
  return {
    likelihood: weighted(({ voice, voices }) => voices[voice]!),
    averaged: weighted(({ average }) => average),
    others: weighted(({ voice, voices }) => mean([...voices].filter((_, v) => v !== voice))),
    identified: share(scored, ({ voice, voices }) => voices.indexOf(Math.max(...voices)) === voice),
    recognised: share(real, ({ voice, verdict }) => isVoice(found, voice, verdict)),
    spoofing: share(converted, ({ to, verdict }) => isVoice(found, to, verdict)),
    lost: (100 * blocks('lost')) / blocks('spoken'),
    content: share(heard(converted), isSameWord),
    understood: share(heard(real), isSameWord),
  }
}

const isVoice = ({ voices }: Findings, voice: number, { speaker }: Verdict) => voices[voice] === speaker

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Items that `holds` of, per cent. */
const share = <T>(items: readonly T[], holds: (item: T) => boolean) => (100 * items.filter(holds).length) / items.length
