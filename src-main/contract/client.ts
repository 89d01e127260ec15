import { calls, events, type CallArgs, type CallName, type CallResult, type EngineEvent } from './calls'
import { ToWindow } from './messages'
import type { ErrorRecord } from './records'
import type { Wire } from './wire'

/** An error that the engine answered; carries its record. */
export class CallError extends Error {
  override readonly name = 'CallError'
  readonly record: ErrorRecord
  constructor(record: ErrorRecord) {
    super(record.message)
    this.record = record
  }
}

export interface Client {
  call<K extends CallName>(name: K, args: CallArgs<K>, options?: { signal?: AbortSignal }): Promise<CallResult<K>>
  close(): void
}

export interface ClientOptions {
  /** The last event seen on an earlier wire, to be told only what came after it. */
  since?: { epoch: string; seq: number } | undefined
  /** Told every event once, in order. */
  onEvent(event: EngineEvent, seq: number): void
  /** Events were missed for good (or this is the first wire): read `state.get`. */
  onReset(epoch: string, seq: number): void
  onClose(): void
}

/** Speaks to an engine over `wire`: calls with cancel, events in order without gaps. Pending calls reject when the wire closes. */
export function connect(wire: Wire, options: ClientOptions): Client {
  const pending = new Map<number, { name: CallName; resolve(value: unknown): void; reject(error: Error): void }>()
  let nextId = 1
  let closed = false
  let epoch = options.since?.epoch ?? ''
  let seq = options.since?.seq ?? 0

  const lost = () => new CallError({ code: 'unavailable', message: 'The engine went away before it answered.' })
  const end = () => {
    if (closed) return
    closed = true
    for (const call of pending.values()) call.reject(lost())
    pending.clear()
    options.onClose()
  }
  const reset = (newEpoch: string, newSeq: number) => {
    epoch = newEpoch
    seq = newSeq
    options.onReset(newEpoch, newSeq)
  }

  const onEvent = (message: Extract<ToWindow, { type: 'event' }>) => {
    if (message.seq <= seq) return
    if (message.seq > seq + 1) return reset(epoch, message.seq)
    seq = message.seq
    const schema = events[message.event as keyof typeof events]
    if (!schema) return
    const data = schema.safeParse(message.data)
    if (data.success) options.onEvent({ event: message.event, data: data.data } as EngineEvent, seq)
    else reset(epoch, seq)
  }

  wire.onClose(end)
  wire.listen((raw) => {
    const parsed = ToWindow.safeParse(raw)
    if (!parsed.success || closed) return
    const message = parsed.data
    if (message.type === 'event') return onEvent(message)
    if (message.type === 'welcome') {
      if (!message.replay || message.epoch !== epoch) reset(message.epoch, message.seq)
      return
    }
    const call = pending.get(message.id)
    if (!call) return
    pending.delete(message.id)
    if (message.type === 'error') return call.reject(new CallError(message.error))
    const result = calls[call.name].result.safeParse(message.value)
    if (result.success) call.resolve(result.data)
    else call.reject(new CallError({ code: 'internal', message: `${call.name}: the answer has an unexpected form.` }))
  })
  wire.send({ type: 'hello', epoch: options.since?.epoch ?? null, seq })

  return {
    call<K extends CallName>(name: K, args: CallArgs<K>, { signal }: { signal?: AbortSignal } = {}) {
      return new Promise<CallResult<K>>((resolve, reject) => {
        if (closed) return reject(lost())
        const id = nextId++
        const cancel = () => wire.send({ type: 'cancel', id })
        const settle = () => signal?.removeEventListener('abort', cancel)
        pending.set(id, {
          name,
          resolve: (value) => (settle(), resolve(value as CallResult<K>)),
          reject: (error) => (settle(), reject(error)),
        })
        signal?.addEventListener('abort', cancel, { once: true })
        wire.send({ type: 'call', id, call: name, args })
        if (signal?.aborted) cancel()
      })
    },
    close() {
      wire.close()
      end()
    },
  }
}
