import { z } from 'zod'
import { errorRecord, type ErrorRecord } from '../../lib/errors'
import type { Parent } from '../parent'
import type { EngineChild } from '../supervisor'

const Request = z.object({
  type: z.literal('tile'),
  id: z.int(),
  asset: z.string(),
  kind: z.enum(['tiles', 'values']),
  level: z.int(),
  column: z.int(),
  row: z.int(),
  draft: z.boolean().default(false),
})
const Answer = z.object({
  type: z.literal('tile-answer'),
  id: z.int(),
  /** Base64: Node's and Electron's messages between processes have this form in common. */
  bytes: z.string().optional(),
  isDraft: z.boolean().optional(),
  error: z.custom<ErrorRecord>((value) => typeof value === 'object' && value !== null).optional(),
})

/** A tile of a picture: the same record that the file server takes off a request. */
type TileRequest = Pick<z.infer<typeof Request>, 'asset' | 'kind' | 'level' | 'column' | 'row'> & { draft?: boolean }
type TileAnswer = { bytes: Uint8Array; isDraft: boolean } | { error: ErrorRecord }

/** Whatever cuts tiles: those of a project. */
interface TileSource {
  picture(id: string, level: number, column: number, row: number): Promise<Uint8Array>
  draft(id: string, level: number, column: number, row: number): Promise<Uint8Array | undefined>
  values(id: string, level: number, column: number, row: number): Promise<Uint8Array>
}

const gone = (): TileAnswer => ({
  error: { code: 'unavailable', message: 'The engine went away before it answered.', hint: 'It is being restarted.' },
})

/** The parent's side: asks the engine `child` for tiles and answers what comes back. */
export function tileLine(
  child: Pick<EngineChild, 'send' | 'onMessage' | 'onExit'>,
): (asked: TileRequest) => Promise<TileAnswer> {
  const waiting = new Map<number, (answer: TileAnswer) => void>()
  let next = 0
  let isGone = false
  child.onMessage((message) => {
    const parsed = Answer.safeParse(message)
    if (!parsed.success) return
    const { id, bytes, isDraft = false, error } = parsed.data
    const answer = waiting.get(id)
    waiting.delete(id)
    answer?.(error ? { error } : { bytes: Buffer.from(bytes ?? '', 'base64'), isDraft })
  })
  child.onExit(() => {
    isGone = true
    for (const answer of waiting.values()) answer(gone())
    waiting.clear()
  })
  return (asked) =>
    new Promise((resolve) => {
      if (isGone) return resolve(gone())
      const id = next++
      waiting.set(id, resolve)
      child.send({ type: 'tile', id, ...asked })
    })
}

/** The engine's side: answers whether `message` asked for a tile, which is then cut and sent back. */
export function tileAnswerer(tiles: TileSource, parent: Pick<Parent, 'send'>): (message: unknown) => boolean {
  return (message) => {
    const parsed = Request.safeParse(message)
    if (!parsed.success) return false
    const { id, asset, kind, level, column, row, draft } = parsed.data
    const at = [asset, level, column, row] as const
    const cut = async () => {
      const sooner = draft && kind === 'tiles' ? await tiles.draft(...at) : undefined
      const bytes = sooner ?? (await (kind === 'tiles' ? tiles.picture(...at) : tiles.values(...at)))
      return { bytes: Buffer.from(bytes).toString('base64'), isDraft: sooner !== undefined }
    }
    cut().then(
      (found) => void parent.send({ type: 'tile-answer', id, ...found }),
      (thrown: unknown) => void parent.send({ type: 'tile-answer', id, error: errorRecord(thrown) }),
    )
    return true
  }
}
