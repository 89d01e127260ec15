import type { ErrorRecord } from '../contract/records'
import { placeIn, readBody } from './body'
import { refusal } from './room'

/** Most bytes of one piece of live sound: 10 s at 48 kHz. */
const longestPiece = 2 * 1024 * 1024

/** A piece of sound on its way through a live session of the engine. */
export interface LivePiece {
  session: string
  /** Its number from 0: pieces are converted in order. */
  part: number
  /** Whether the sound ends with it, so that all of the rest is wanted. */
  last: boolean
  /** 32-bit floats, little-endian, one channel. */
  sound: Uint8Array
}

/** What comes of it: sound that is final by now, and the seconds its computation took. */
export type LiveAnswer = { sound: Uint8Array; seconds: number } | { error: ErrorRecord }

/** The way to the engine. */
export type LiveLine = (piece: LivePiece) => Promise<LiveAnswer>

const statusOf = { 'not-found': 404, conflict: 409, 'bad-input': 400, unavailable: 503 } as Record<string, number>

/**
 * Answers a POST of live sound with what the engine makes of it; `?part=<n>` numbers the pieces, `&last` ends the sound. The header
 * `Compute-Seconds` says how long it took. Answers `{error}` where there is no such session (404), no engine (503), or the piece is wrong (400, 409, 413).
 */
export async function liveResponse(request: Request, session: string, live: LiveLine | undefined): Promise<Response> {
  const part = placeIn(request, 'part')
  if (part === undefined)
    return refusal(400, { code: 'bad-input', message: 'A piece of live sound needs its number: ?part=0, 1, 2 …' })
  const sound = await readBody(request, longestPiece)
  if (!sound)
    return refusal(413, { code: 'bad-input', message: `A piece of live sound may have ${longestPiece} bytes.` })
  if (sound.length % 4)
    return refusal(400, { code: 'bad-input', message: `Expected 32-bit floats, found ${sound.length} bytes.` })
  const answer: LiveAnswer = live
    ? await live({ session, part, last: new URL(request.url).searchParams.has('last'), sound })
    : { error: { code: 'unavailable', message: 'Live conversion is not to be had here.' } }
  if ('error' in answer) return refusal(statusOf[answer.error.code] ?? 500, answer.error)
  return new Response(answer.sound as Uint8Array<ArrayBuffer>, {
    headers: {
      'Content-Type': 'application/octet-stream',
      'Cache-Control': 'no-store',
      'Compute-Seconds': answer.seconds.toFixed(6),
    },
  })
}
