import { relative } from 'node:path'
import {
  f0Error,
  griffinLim,
  logMelDistance,
  melMagnitude,
  melSpectrogram,
  multiResolutionStft,
  readMono,
} from '../../dsp'
import { NagareError } from '../../lib/errors'
import type { Evaluation } from '../family'
import type { MelFrontEnd } from './config'

/** A way from a mel spectrogram back to sound. */
export interface Synthesis {
  name: string
  /** Gets ready for recording `index`, which tells seeds apart; this is not timed. */
  open(index: number): Promise<{
    /** Makes about `samples` samples of `mel`, [frames, mels]. */
    synthesize(mel: Float32Array, samples: number): Promise<Float32Array>
    dispose(): Promise<void>
  }>
}

/** How far one synthesis is from its recording. */
export interface CopyDistance {
  /** Mean absolute difference of log-mels, nats. */
  logMel: number
  /** Multi-resolution STFT: spectral convergence, and mean absolute difference of log magnitudes, nats. */
  convergence: number
  logMagnitude: number
  /** RMSE of the fundamental frequency, all frames voiced in both, and those off by no more than 20 %. */
  cents: number
  fineCents: number
  /** Frames voiced in both that are off by more than 20 %, and frames voiced in one only, per cent. */
  gross: number
  voicing: number
  /** Seconds of work per second of sound. */
  rtf: number
}

export interface CopyContext {
  /** Folder that the rows' names start from. */
  root: string
  /** Seconds that are taken of each recording, from its start. */
  seconds: number
  progress(progress: { phase: string; done: number; total: number; note?: string }): void
  checkCancelled(): void
}

const figures = ['logMel', 'convergence', 'logMagnitude', 'cents', 'fineCents', 'gross', 'voicing', 'rtf'] as const

/**
 * Copy synthesis: every recording at the front end's rate becomes a mel spectrogram, every method makes sound of it, and the sound is compared with the recording.
 * Returns a row per recording and method, and each method's mean over the recordings (over those with a figure, where some have no voiced frames).
 * Throws `bad-input` where no recording has sound, and what `readMono` throws.
 */
export async function copySynthesis(
  files: readonly string[],
  frontEnd: MelFrontEnd,
  methods: readonly Synthesis[],
  { root, seconds, progress, checkCancelled }: CopyContext,
): Promise<{ rows: Evaluation['rows']; means: Record<string, CopyDistance> }> {
  const rows: Evaluation['rows'] = []
  const found = methods.map((): CopyDistance[] => [])
  for (const [index, file] of files.entries()) {
    const x = await readMono(file, frontEnd.sampleRate, { maxSeconds: seconds })
    if (x.length === 0) continue
    const mel = melSpectrogram(x, frontEnd)
    for (const [m, method] of methods.entries()) {
      checkCancelled()
      progress({
        phase: 'Evaluating',
        done: index * methods.length + m,
        total: files.length * methods.length,
        note: method.name,
      })
      const { sound, wall } = await synthesized(method, index, mel, x.length)
      const distance = compare(x, sound, frontEnd, wall)
      found[m]!.push(distance)
      rows.push({ recording: relative(root, file), method: method.name, ...distance })
    }
  }
  if (rows.length === 0) throw new NagareError('bad-input', `The recordings in ${root} hold no sound.`, { file: root })
  const means = Object.fromEntries(methods.map(({ name }, m) => [name, meanOf(found[m]!)]))
  for (const { name } of methods) rows.push({ recording: 'mean', method: name, ...means[name]! })
  return { rows, means }
}

/** What `method` makes of `mel`, and the seconds that took. */
async function synthesized(method: Synthesis, index: number, mel: Float32Array, samples: number) {
  const ready = await method.open(index)
  try {
    const startedAt = performance.now()
    const sound = await ready.synthesize(mel, samples)
    return { sound, wall: (performance.now() - startedAt) / 1000 }
  } finally {
    await ready.dispose()
  }
}

/** The distance of `y`, cut or filled with silence to the length of `x`. */
function compare(x: Float32Array, y: Float32Array, frontEnd: MelFrontEnd, wall: number): CopyDistance {
  const fitted = new Float32Array(x.length)
  fitted.set(y.subarray(0, x.length))
  const stft = multiResolutionStft(x, fitted)
  const f0 = f0Error(x, fitted, frontEnd.sampleRate)
  return {
    logMel: logMelDistance(x, fitted, frontEnd),
    convergence: stft.convergence,
    logMagnitude: stft.logMagnitude,
    cents: f0.cents,
    fineCents: f0.fineCents,
    gross: 100 * f0.gross,
    voicing: 100 * f0.voicing,
    rtf: wall / (x.length / frontEnd.sampleRate),
  }
}

function meanOf(distances: readonly CopyDistance[]): CopyDistance {
  const mean = (key: keyof CopyDistance) => {
    const values = distances.map((distance) => distance[key]).filter(Number.isFinite)
    return values.reduce((sum, value) => sum + value, 0) / values.length
  }
  return Object.fromEntries(figures.map((key) => [key, mean(key)])) as Record<(typeof figures)[number], number>
}

/** The baseline: magnitudes from the mel alone, phases by `iterations` of Griffin & Lim's algorithm. */
export function griffinLimSynthesis(
  frontEnd: MelFrontEnd,
  { iterations, seed, step }: { iterations: number; seed: number; step: () => void },
): Synthesis {
  const { fft: size, hop } = frontEnd
  return {
    name: 'Griffin-Lim',
    open: async (index) => ({
      synthesize: async (mel, length) =>
        griffinLim(melMagnitude(mel, frontEnd), { size, hop, length, iterations, seed: seed + index, step }),
      dispose: async () => {},
    }),
  }
}
