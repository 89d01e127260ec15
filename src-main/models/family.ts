import { z } from 'zod'
import type { NDArrays } from '../lib/ndarray'
import type { ProgramSpec } from '../compute'
import type { OpenPack, PackCard } from '../packs'

/** What only a person knows of a pack: its name, and the licences of what it learned from, by the data folder's name. */
export const About = z
  .object({
    name: z.string().optional(),
    description: z.string().optional(),
    licence: z.string().optional(),
    data: z.record(z.string(), z.string()).optional(),
  })
  .strict()
export type About = z.infer<typeof About>

export interface TrainResult {
  steps: number
  metrics: Evaluation['metrics']
  /** What the person should know of the run, each a sentence or two. */
  notes?: string[]
}

export interface TrainContext {
  /** Folders of training material; each gets an equal share. */
  data: readonly string[]
  /** Where the pack is written: checkpoints on the way, the finished one at the end. */
  output: string
  preset: string
  /** `key=value` pairs as given; the family checks them. */
  set: Record<string, string>
  steps: number | undefined
  resume: boolean
  device: string
  /** Called with the reason where the processor is taken in place of the device asked for; without it such a device is an error. */
  fallback?: (reason: string) => void
  seed: number
  progress(progress: { phase: string; done: number; total: number; note?: string }): void
  /** Throws `cancelled` once the person asked to stop. */
  checkCancelled(): void
  /** The command that trains this again, for the pack's card. */
  command: string
  /** What the person says of the pack. */
  about: About | undefined
}

export interface EvaluateContext {
  data: string
  /** The pack to measure; empty where the protocol trains its own. */
  pack: string
  device: string
  /** Called with the reason where the processor is taken in place of the device asked for; without it such a device is an error. */
  fallback?: (reason: string) => void
  seed: number
  /** Settings of the task under test, as given. */
  set: Record<string, string>
  progress(progress: { phase: string; done: number; total: number; note?: string }): void
  checkCancelled(): void
}

/** Figures with the protocol that they stand on, and a row per item. */
export interface Evaluation {
  protocol: string
  metrics: { name: string; value: number; unit: string }[]
  rows: Record<string, string | number>[]
  /** What a table cannot hold: curves, histograms, scores by file; JSON. */
  details?: Record<string, unknown>
}

/** What an input or output of an exported graph means. */
export interface ExportedValue {
  meaning: string
  /** Hz, samples, dB, nats …; left out for numbers without one. */
  unit?: string
  /** An output of an earlier graph that the README's examples feed here. */
  from?: string
}

/** A network of a pack for use outside Nagare. */
export interface ExportedGraph {
  /** Name of its file, without `.onnx`. */
  name: string
  /** One sentence. */
  description: string
  spec: ProgramSpec
  params: NDArrays
  /** Every input and output of `spec`, by name; a state `h` is the input `h` and the output `next.h`. */
  values: Record<string, ExportedValue>
}

/** The networks of a pack, in the order in which one would run them. */
export interface PackExport {
  /** How they work together, and what of the method lies outside of them. */
  about: string
  graphs: ExportedGraph[]
}

/** What Nagare knows to do with one kind of model; one folder in `models/`, one line in the registry. */
export interface ModelFamily {
  kind: string
  label: string
  /** Names of the training presets, the default first. */
  presets: readonly string[]
  train(context: TrainContext): Promise<TrainResult>
  evaluate(context: EvaluateContext): Promise<Evaluation>
  /** Whether a protocol trains what it measures, so that no pack is looked for; `set` is as given to `evaluate`. */
  trainsToEvaluate?(set: Record<string, string>): boolean
  /**
   * Turns a foreign file into a pack's card, weights and further files; `config` and `args` are files that came with it, `rate` is in Hz. Left out where
   * nobody else writes such files.
   */
  importFile?(
    file: string,
    options: { config?: string | undefined; args?: string | undefined; rate?: number | undefined },
  ): Promise<{ card: PackCard; weights: NDArrays; files?: Record<string, Uint8Array> }>
  /** The networks of a pack of this kind, for `nagare export`; left out where there is none to give away. */
  exports?(pack: OpenPack): PackExport | Promise<PackExport>
}
