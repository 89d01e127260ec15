import { z } from 'zod'

/** Shape of the speech VAE. */
export const VaeConfig = z.object({
  /** Frequency bins of the power spectrum, size / 2 + 1. */
  bins: z.int().min(17).max(4097).default(513),
  /** Dimensions of the latent variable. */
  latent: z.int().min(1).max(256).default(16),
  encoder: z.object({
    /** What the encoder sees: the power spectrum, or its logarithm shifted and scaled to unit variance. */
    input: z.enum(['power', 'log-power']),
    hidden: z.int().min(1).max(4096).default(128),
  }),
  decoder: z.object({ hidden: z.int().min(1).max(4096).default(128) }),
})
export type VaeConfig = z.infer<typeof VaeConfig>

/** How a recording becomes power spectra. */
export const FrontEnd = z.object({
  /** Hz. */
  sampleRate: z.int().min(4000).max(192_000).default(16_000),
  /** Points of the periodic Hann window. */
  size: z.int().min(32).max(8192).default(1024),
  hop: z.int().min(1).default(256),
  /** Smallest normalised power, so that its logarithm stays finite. */
  floor: z.number().positive().default(1e-7),
})
export type FrontEnd = z.infer<typeof FrontEnd>

/** Settings of Monte-Carlo EM; the defaults are those the shipped pack was measured with. */
export const McemSettings = z.object({
  /** EM iterations on the first window of a recording. */
  iterations: z.int().min(1).max(1000).default(50),
  /** Noise spectra in the NMF. */
  components: z.int().min(1).max(64).default(16),
  /** Metropolis–Hastings moves per iteration, and how many of the last are kept. */
  moves: z.int().min(1).max(200).default(6),
  kept: z.int().min(1).max(100).default(3),
  /** Samples that the Wiener filter is averaged over at the end. */
  finalMoves: z.int().min(1).max(500).default(20),
  /** Standard deviation of the proposal at the start, and how fast each frame's adapts; 0 keeps it. */
  proposal: z.number().positive().max(10).default(0.15),
  adapt: z.number().min(0).max(1).default(0.1),
  /** Frames processed together, and frames over which neighbouring windows are cross-faded. */
  window: z.int().min(16).max(8192).default(512),
  overlap: z.int().min(0).max(512).default(32),
})
export type McemSettings = z.infer<typeof McemSettings>
