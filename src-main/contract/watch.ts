import { z } from 'zod'
import { ErrorRecord, Id } from './records'

/** A file that was to be added as a picture and could not be read, and why. */
export const Refused = z.object({ id: Id, name: z.string().max(300), error: ErrorRecord, time: z.iso.datetime() })
export type Refused = z.infer<typeof Refused>

/** A folder whose new pictures are added to the project and inspected, until somebody stops that; also after a restart. */
export const Watch = z.object({
  id: Id,
  folder: z.string(),
  /** `lost` while the folder cannot be read; it is looked for again and again. */
  state: z.enum(['watching', 'lost']),
  /** Why it is lost, or why its last pictures are not inspected. */
  error: ErrorRecord.nullable(),
  /** Pictures that were added, and files that could not be read. */
  added: z.int().nonnegative(),
  refused: z.int().nonnegative(),
  /** The model that they are inspected with. */
  pack: z.string(),
  since: z.iso.datetime(),
})
export type Watch = z.infer<typeof Watch>

const nothing = z.object({}).strict()

/** Calls about folders that are watched, and files that were refused. */
export const watchCalls = {
  /** Watches a folder of the machine that the engine runs on: any for the desktop's window, and for a browser on that very machine. Throws `no-permission`, `not-found`, `bad-input`, `conflict`. */
  'watch.start': {
    args: z.object({
      folder: z.string().trim().min(1).max(4096),
      pack: z.string(),
      settings: z.record(z.string(), z.unknown()).default({}),
    }),
    result: z.object({ watch: Watch }),
  },
  'watch.stop': { args: z.object({ watch: Id }), result: nothing },
  /** Notes a file that never reached the project, so that it is seen among the pictures with its reason. */
  'refused.add': {
    args: z.object({ name: z.string().min(1).max(300), error: ErrorRecord }),
    result: z.object({ refused: Refused }),
  },
  'refused.remove': { args: z.object({ refused: z.array(Id).min(1).max(10_000) }), result: nothing },
} as const

/** Events about them. */
export const watchEvents = {
  'watch.changed': z.object({ watches: z.array(Watch) }),
  'refused.changed': z.object({ refused: z.array(Refused) }),
} as const
