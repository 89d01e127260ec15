import type { LiveSession } from '@contract'
import { Worker } from 'node:worker_threads'
import { keepDevices } from '../../compute/devices/known-devices'
import { systemClock, type Clock } from '../../lib/clock'
import { NagareError, type ErrorRecord } from '../../lib/errors'
import { newId } from '../../lib/id'
import { createRunGate, terminateBehindGate } from '../../lib/run-gate'
import type { LiveReply, LiveRequest, LiveSetup } from './worker-messages'

/** Milliseconds without sound after which a session is closed: its window is gone, or nobody speaks. */
const patience = 60_000

/** Voice conversion of sound while it is spoken, in a thread of its own; one at a time. */
export interface LiveSessions {
  /** Opens a session, and closes the one before it. Throws what loading the model and opening the device throw, `cancelled` once `signal` is aborted. */
  open(setup: Omit<LiveSetup, 'runGate'>, signal: AbortSignal): Promise<LiveSession>
  /** Converts piece number `part` of the sound; with `last` all of the rest. Throws `not-found` for a closed session, `conflict` for a piece out of turn. */
  take(
    session: string,
    part: number,
    sound: Float32Array,
    last: boolean,
  ): Promise<{ sound: Float32Array; seconds: number }>
  /** Other voices of the same model. Throws `bad-input` naming the voices there are. */
  voices(session: string, voices: { from: string; to: string }): Promise<void>
  /** Harmless where it is closed. */
  close(session?: string): Promise<void>
}

interface Session {
  id: string
  worker: Worker
  gate: SharedArrayBuffer
  waiting: Map<number, { resolve(reply: Extract<LiveReply, { type: 'sound' }>): void; reject(error: Error): void }>
  /** Number of the piece that comes next, and of the request. */
  part: number
  request: number
  stopTimer(): void
  closed: boolean
}

const errorOf = ({ code, message, hint, file }: ErrorRecord) =>
  new NagareError(code, message, { ...(hint ? { hint } : {}), ...(file ? { file } : {}) })
const over = () =>
  new NagareError('not-found', 'The live conversion has been closed.', { hint: 'Hold the button and speak again.' })

/** `file` is the thread's own; see `worker.ts`. */
export function liveSessions({ file, clock = systemClock }: { file: URL | undefined; clock?: Clock }): LiveSessions {
  let current: Session | undefined

  const close = async (session: Session, why: Error = over()) => {
    if (session.closed) return
    session.closed = true
    if (current === session) current = undefined
    session.stopTimer()
    for (const { reject } of session.waiting.values()) reject(why)
    session.waiting.clear()
    await terminateBehindGate(session.worker, session.gate)
  }
  const expectSoon = (session: Session) => {
    session.stopTimer()
    session.stopTimer = clock.after(patience, () => void close(session))
  }
  const known = (id: string) => {
    if (current?.id !== id) throw over()
    return current
  }
  const ask = (session: Session, request: (id: number) => LiveRequest, transfer: ArrayBuffer[] = []) =>
    new Promise<Extract<LiveReply, { type: 'sound' }>>((resolve, reject) => {
      const id = session.request++
      session.waiting.set(id, { resolve, reject })
      session.worker.postMessage(request(id), transfer)
      expectSoon(session)
    })

  return {
    async open(setup, signal) {
      if (!file) throw new NagareError('unavailable', 'Live conversion is not to be had here.')
      // Another may have been opened while the one before it ended.
      while (current) await close(current)
      const gate = createRunGate()
      const workerData: LiveSetup = { ...setup, runGate: gate }
      const worker = new Worker(file, { workerData, name: 'live', stdin: false })
      const session: Session = {
        ...{ id: newId('l'), worker, gate, waiting: new Map(), part: 0, request: 0, closed: false },
        stopTimer: () => {},
      }
      current = session
      return new Promise<LiveSession>((resolve, reject) => {
        const fail = (error: Error) => {
          reject(error)
          void close(session, error)
        }
        const abort = () => fail(new NagareError('cancelled', 'Stopped as asked.'))
        if (signal.aborted) return abort()
        signal.addEventListener('abort', abort, { once: true })
        worker.on('message', (reply: LiveReply) => {
          if (reply.type === 'ready') {
            signal.removeEventListener('abort', abort)
            keepDevices(reply.known)
            const { sampleRate, frame, device, fallback } = reply
            if (session.closed) return reject(over())
            expectSoon(session)
            return resolve({ session: session.id, url: `/live/${session.id}`, sampleRate, frame, device, fallback })
          }
          if (reply.id === undefined) return reply.type === 'failed' && fail(errorOf(reply.error))
          const asked = session.waiting.get(reply.id)
          session.waiting.delete(reply.id)
          if (reply.type === 'sound') asked?.resolve(reply)
          else asked?.reject(errorOf(reply.error))
        })
        worker.on('error', (thrown) =>
          fail(new NagareError('internal', `The live conversion broke off: ${thrown.message}`, { cause: thrown })),
        )
        worker.on('exit', () => fail(over()))
      })
    },
    async take(id, part, sound, last) {
      const session = known(id)
      if (part !== session.part)
        throw new NagareError('conflict', `Expected piece ${session.part} of the sound, found ${part}.`)
      session.part = last ? 0 : part + 1
      const samples = sound.slice()
      const reply = await ask(session, (request) => ({ type: 'sound', id: request, samples, last }), [samples.buffer])
      return { sound: reply.samples, seconds: reply.seconds }
    },
    async voices(id, { from, to }) {
      await ask(known(id), (request) => ({ type: 'voices', id: request, from, to }))
    },
    async close(id) {
      if (current && (id === undefined || current.id === id)) await close(current)
    },
  }
}
