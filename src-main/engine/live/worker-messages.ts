import type { DeviceInfo } from '../../compute'
import type { ErrorRecord } from '../../lib/errors'

/** What the thread of a live session is started with. */
export interface LiveSetup {
  /** Folder or file of the pack. */
  pack: string
  device: string
  /** Names of the voices. */
  from: string
  to: string
  /** Hz of the sound that comes and goes. */
  sampleRate: number
  /** Keeps the thread from being ended while native code computes in it. */
  runGate: SharedArrayBuffer
}

/** What is asked of it; `id` names the answer. */
export type LiveRequest =
  | { type: 'sound'; id: number; samples: Float32Array; last: boolean }
  | { type: 'voices'; id: number; from: string; to: string }

/** What it says. */
export type LiveReply =
  | {
      type: 'ready'
      sampleRate: number
      frame: number
      device: string
      fallback: string | null
      known: Record<string, DeviceInfo>
    }
  /** Sound that is final by now, and the seconds its computation took. */
  | { type: 'sound'; id: number; samples: Float32Array; seconds: number }
  /** What was asked failed; without an id the session could not be opened. */
  | { type: 'failed'; id?: number; error: ErrorRecord }
