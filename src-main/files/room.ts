import { statfs } from 'node:fs/promises'
import { diskReserve } from '../contract/recording'
import type { ErrorRecord } from '../contract/records'

/** An answer that refuses a write: `{error}`, an ErrorRecord. */
export const refusal = (status: number, error: ErrorRecord) =>
  Response.json({ error }, { status, headers: { 'Cache-Control': 'no-store' } })

/** Bytes that may still be written to the disk of `folder`. */
export async function roomIn(folder: string): Promise<number> {
  const disk = await statfs(folder)
  return disk.bavail * disk.bsize - diskReserve
}

/** The answer where only `room` bytes may still be written. */
export const full = (room: number) =>
  refusal(507, {
    code: 'disk-full',
    message: `The disk is full: ${Math.max(0, Math.floor(room / 1e6))} MB may still be written.`,
    hint: 'Free some space, or choose another disk.',
  })
