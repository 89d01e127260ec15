import { z } from 'zod'

/** Shape of a Blow network (Serrà et al., 2019, §3). */
export const BlowConfig = z
  .object({
    /** Samples of a frame: what the flow sees at once, and the size of its latent. */
    frame: z.int().min(16).max(65_536).default(4096),
    /** Factor by which a block trades time for channels. */
    squeeze: z.int().min(2).max(8).default(2),
    blocks: z.int().min(1).max(12).default(8),
    /** Flows in each block. */
    flows: z.int().min(1).max(48).default(12),
    /** Width of the network in each coupling, and the length of its kernels. */
    channels: z.int().min(1).max(2048).default(512),
    kernel: z.int().min(1).max(15).default(3),
    /** Numbers that stand for a voice. */
    embedding: z.int().min(1).max(1024).default(128),
    /** Voices it knows. */
    voices: z.int().min(1).max(10_000),
  })
  .superRefine((config, context) => {
    const { frame, squeeze, blocks, channels, kernel } = config
    const bad = (message: string) => context.addIssue({ code: 'custom', message })
    if (frame % squeeze ** blocks !== 0)
      bad(`a frame must be a multiple of ${squeeze ** blocks}, found ${frame} samples`)
    if (kernel % 2 === 0) bad('the kernels need an odd length')
    if (squeeze % 2 !== 0) bad('the squeeze must be even, so that couplings can halve the channels')
    for (let b = 0; b < blocks; b++)
      if (channels % (channelsAt(config, b) / 2) !== 0)
        bad(`${channels} channels are no multiple of the ${channelsAt(config, b) / 2} that block ${b + 1} keeps`)
  })
export type BlowConfig = z.infer<typeof BlowConfig>

/** How a recording becomes frames. */
export const VoiceFrontEnd = z.object({
  /** Hz. */
  sampleRate: z.int().min(4000).max(192_000).default(16_000),
  /** Largest sample of a recording, after its mean was taken off. */
  peak: z.number().positive().max(1).default(0.99),
  /** Deviation of the noise that lay on every frame in training, at that peak. */
  noise: z.number().min(0).max(1).default(0),
})
export type VoiceFrontEnd = z.infer<typeof VoiceFrontEnd>

/** Channels of block `b`, counted from 0. */
export const channelsAt = ({ squeeze }: Pick<BlowConfig, 'squeeze'>, b: number): number => squeeze ** (b + 1)

/** Steps of block `b` in one frame. */
export const stepsAt = ({ squeeze, frame }: Pick<BlowConfig, 'squeeze' | 'frame'>, b: number): number =>
  frame / squeeze ** (b + 1)

/** Every flow, in the order in which sound passes through them. */
export const flowsOf = ({ blocks, flows }: Pick<BlowConfig, 'blocks' | 'flows'>): { block: number; name: string }[] =>
  range(blocks).flatMap((block) => range(flows).map((flow) => ({ block, name: `blocks.${block}.flows.${flow}` })))

/** The whole numbers 0 … count − 1. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
