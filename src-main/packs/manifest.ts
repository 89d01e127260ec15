import { z } from 'zod'

/** Largest file inside a pack, in bytes; it is read into memory whole. */
export const maxPackFile = 2 ** 31 - 1

/** Names of files inside a pack: one level, plain characters, so that nothing can leave its folder. */
export const PackFileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** One figure of a pack's card, with the protocol that gives it again. */
export const Metric = z.object({ name: z.string(), value: z.number(), unit: z.string(), protocol: z.string() })
export type Metric = z.infer<typeof Metric>

/** Where the weights come from: data, licences and the command that trains them again. */
export const Provenance = z.object({
  data: z.array(z.object({ name: z.string(), licence: z.string(), amount: z.string() })),
  command: z.string(),
  seed: z.int().nullable(),
  steps: z.int().nullable(),
  seconds: z.number().nullable(),
  device: z.string().nullable(),
  notes: z.string(),
})
export type Provenance = z.infer<typeof Provenance>

/** `pack.json`: everything about a trained model but its numbers. */
export const Manifest = z.object({
  format: z.literal('nagare-pack'),
  version: z.literal(1),
  kind: z.string().regex(/^[a-z0-9-]{1,40}$/),
  name: z.string().min(1).max(120),
  description: z.string().max(4000),
  licence: z.string().min(1),
  /** The network's shape, read by the model family. */
  config: z.record(z.string(), z.unknown()),
  /** How material is turned into what the network sees: rate, transform, scaling. */
  frontEnd: z.record(z.string(), z.unknown()),
  provenance: Provenance,
  metrics: z.array(Metric),
  files: z.record(PackFileName, z.object({ sha256: Sha256, bytes: z.int().nonnegative().max(maxPackFile) })),
})
export type Manifest = z.infer<typeof Manifest>
