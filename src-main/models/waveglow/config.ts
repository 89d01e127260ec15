import { z } from 'zod'

/** Shape of a WaveGlow network (Prenger et al., 2019, §2). */
export const WaveGlowConfig = z
  .object({
    /** Bands of the mel spectrogram, and samples from one of its frames to the next. */
    mels: z.int().min(1).max(512).default(80),
    hop: z.int().min(1).max(8192).default(256),
    flows: z.int().min(1).max(48).default(12),
    /** Samples that are one step of the flows: their first number of channels. */
    group: z.int().min(2).max(1024).default(8),
    /** `size` channels leave before every flow whose number is a multiple of `every` (flow 0 excepted). */
    early: z
      .object({ every: z.int().min(1).max(48).default(4), size: z.int().min(0).max(256).default(2) })
      .default({ every: 4, size: 2 }),
    /** The WaveNet in each coupling. */
    wn: z
      .object({
        layers: z.int().min(1).max(16).default(8),
        channels: z.int().min(1).max(1024).default(256),
        kernel: z.int().min(1).max(15).default(3),
        /** Factor of the dilation from layer to layer. */
        growth: z.int().min(1).max(4).default(2),
        /** Depthwise and then 1×1 in place of a full dilated convolution (SqueezeWave: Zhai et al., 2020). */
        separable: z.boolean().default(false),
      })
      .default({ layers: 8, channels: 256, kernel: 3, growth: 2, separable: false }),
    /** How the mel spectrogram reaches the steps. */
    conditioning: z
      .discriminatedUnion('kind', [
        /** A trained transposed convolution brings it to the sample rate; a step sees its samples' values side by side. */
        z.object({ kind: z.literal('upsampled'), kernel: z.int().min(1).max(16_384).default(1024) }),
        /** A trained convolution over frames gives each step of a frame its channels. */
        z.object({
          kind: z.literal('frames'),
          channels: z.int().min(1).max(4096).default(160),
          kernel: z.int().min(1).max(31).default(5),
        }),
      ])
      .default({ kind: 'upsampled', kernel: 1024 }),
    /** Odd flows change the first half and keep the second (an early version of the public code). */
    swapHalves: z.boolean().default(false),
  })
  .superRefine((config, context) => {
    const { hop, group, wn, conditioning } = config
    const bad = (message: string) => context.addIssue({ code: 'custom', message })
    if (range(config.flows).some((k) => channelsAt(config, k) < 2 || channelsAt(config, k) % 2 !== 0))
      bad('every flow needs an even number of channels, at least 2')
    if (wn.kernel % 2 === 0) bad('the kernel of the WaveNet needs an odd length')
    if (hop % group !== 0) bad(`a frame of ${hop} samples must be whole steps of ${group}`)
    if (conditioning.kind === 'frames' && conditioning.kernel % 2 === 0)
      bad('the kernel over frames needs an odd length')
    if (conditioning.kind === 'upsampled' && conditioning.kernel % hop !== 0)
      bad(`the upsampling's kernel must be a multiple of the hop, ${hop}`)
  })
export type WaveGlowConfig = z.infer<typeof WaveGlowConfig>

/** How a recording becomes a log-mel spectrogram. */
export const MelFrontEnd = z
  .object({
    /** Hz. */
    sampleRate: z.int().min(4000).max(192_000).default(22_050),
    /** Points of the periodic Hann window, and samples from frame to frame. */
    fft: z.int().min(32).max(16_384).default(1024),
    hop: z.int().min(1).max(8192).default(256),
    mels: z.int().min(1).max(512).default(80),
    /** Edges of the filterbank, Hz. */
    fmin: z.number().min(0).default(0),
    fmax: z.number().positive().default(8000),
    /** Least magnitude before the logarithm. */
    floor: z.number().positive().default(1e-5),
  })
  .superRefine(({ sampleRate, fft, hop, fmin, fmax }, context) => {
    const bad = (message: string) => context.addIssue({ code: 'custom', message })
    if (!Number.isInteger(Math.log2(fft))) bad(`windows of ${fft} samples; a power of two is needed`)
    if (2 * hop > fft) bad(`windows of ${fft} samples every ${hop}; they must overlap by half or more`)
    if (!(fmin < fmax && fmax <= sampleRate / 2))
      bad(`mel bands from ${fmin} to ${fmax} Hz; at ${sampleRate} Hz they must rise and end by ${sampleRate / 2}`)
  })
export type MelFrontEnd = z.infer<typeof MelFrontEnd>

/** Channels that flow `k` works on, once those before it have left. */
export const channelsAt = ({ group, early }: Pick<WaveGlowConfig, 'group' | 'early'>, k: number): number =>
  group - early.size * Math.floor(k / early.every)

/** Whether channels leave before flow `k`. */
export const isExit = ({ early }: Pick<WaveGlowConfig, 'early'>, k: number): boolean =>
  early.size > 0 && k > 0 && k % early.every === 0

/** Steps in one frame. */
export const stepsPerFrame = ({ hop, group }: Pick<WaveGlowConfig, 'hop' | 'group'>): number => hop / group

/** Channels of the conditioning at each step. */
export const conditionChannels = ({ conditioning, mels, group }: WaveGlowConfig): number =>
  conditioning.kind === 'frames' ? conditioning.channels : mels * group

/** Steps to either side that the WaveNet of one flow looks at. */
export const reach = ({ wn: { layers, kernel, growth } }: Pick<WaveGlowConfig, 'wn'>): number =>
  range(layers).reduce((sum, i) => sum + ((kernel - 1) / 2) * growth ** i, 0)

/** The whole numbers 0 … count − 1. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
