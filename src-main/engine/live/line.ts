import { z } from 'zod'
import { errorRecord, type ErrorRecord } from '../../lib/errors'
import type { Parent } from '../parent'
import type { EngineChild } from '../supervisor'
import type { LiveSessions } from './sessions'

const Piece = z.object({
  type: z.literal('live'),
  id: z.int(),
  session: z.string(),
  part: z.int(),
  last: z.boolean(),
  /** Base64: Node's and Electron's messages between processes have this form in common. */
  sound: z.string(),
})
const Answer = z.object({
  type: z.literal('live-answer'),
  id: z.int(),
  sound: z.string().optional(),
  seconds: z.number().optional(),
  error: z.custom<ErrorRecord>((value) => typeof value === 'object' && value !== null).optional(),
})

/** One piece of live sound; the same record that the file server takes off a request. */
interface SoundPiece {
  session: string
  part: number
  last: boolean
  sound: Uint8Array
}
type SoundAnswer = { sound: Uint8Array; seconds: number } | { error: ErrorRecord }

const gone = (): SoundAnswer => ({
  error: { code: 'unavailable', message: 'The engine went away before it answered.', hint: 'It is being restarted.' },
})

/** The parent's side: hands pieces of sound to the engine `child` and answers what comes back. */
export function liveLine(
  child: Pick<EngineChild, 'send' | 'onMessage' | 'onExit'>,
): (piece: SoundPiece) => Promise<SoundAnswer> {
  const waiting = new Map<number, (answer: SoundAnswer) => void>()
  let next = 0
  let isGone = false
  child.onMessage((message) => {
    const parsed = Answer.safeParse(message)
    if (!parsed.success) return
    const { id, sound, seconds, error } = parsed.data
    const answer = waiting.get(id)
    waiting.delete(id)
    answer?.(error ? { error } : { sound: Buffer.from(sound ?? '', 'base64'), seconds: seconds ?? 0 })
  })
  child.onExit(() => {
    isGone = true
    for (const answer of waiting.values()) answer(gone())
    waiting.clear()
  })
  return ({ sound, ...piece }) =>
    new Promise((resolve) => {
      if (isGone) return resolve(gone())
      const id = next++
      waiting.set(id, resolve)
      child.send({ type: 'live', id, ...piece, sound: Buffer.from(sound).toString('base64') })
    })
}

/** The engine's side: answers whether `message` was a piece of live sound, which is converted and sent back. */
export function liveAnswerer(sessions: LiveSessions, parent: Pick<Parent, 'send'>): (message: unknown) => boolean {
  return (message) => {
    const parsed = Piece.safeParse(message)
    if (!parsed.success) return false
    const { id, session, part, last, sound } = parsed.data
    const bytes = Uint8Array.from(Buffer.from(sound, 'base64'))
    sessions.take(session, part, new Float32Array(bytes.buffer), last).then(
      ({ sound: converted, seconds }) => {
        const back = Buffer.from(converted.buffer, converted.byteOffset, converted.byteLength).toString('base64')
        void parent.send({ type: 'live-answer', id, sound: back, seconds })
      },
      (thrown: unknown) => void parent.send({ type: 'live-answer', id, error: errorRecord(thrown) }),
    )
    return true
  }
}
