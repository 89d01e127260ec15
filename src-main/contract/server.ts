import { calls, type CallInput, type CallName, type CallResult, type EngineEvent } from './calls'
import { ToEngine, type ToWindow } from './messages'
import type { ErrorRecord } from './records'
import type { Wire } from './wire'

/** What a handler knows of its caller beside the arguments. */
export interface CallContext {
  signal: AbortSignal
  /** Whether this window may name files of the machine by path (the desktop's own window). */
  trusted: boolean
  /** Whether it is a browser on the machine that the engine runs on. */
  local?: boolean
}

export type Handlers = {
  [K in CallName]: (args: CallInput<K>, context: CallContext) => CallResult<K> | Promise<CallResult<K>>
}

/** The events of one engine life, numbered from 1, the last `keep` of them kept for windows that reconnect. */
export interface EventLog {
  readonly epoch: string
  readonly seq: number
  emit(event: EngineEvent): void
  /** Events after `seq`; undefined when they are no longer kept. */
  since(seq: number): { seq: number; event: EngineEvent }[] | undefined
  subscribe(listener: (seq: number, event: EngineEvent) => void): () => void
}

export function eventLog(epoch: string, keep = 2000): EventLog {
  const kept: { seq: number; event: EngineEvent }[] = []
  const listeners = new Set<(seq: number, event: EngineEvent) => void>()
  let seq = 0
  return {
    epoch,
    get seq() {
      return seq
    },
    emit(event) {
      seq++
      kept.push({ seq, event })
      if (kept.length > keep) kept.shift()
      for (const listener of [...listeners]) listener(seq, event)
    },
    since(after) {
      if (after > seq || seq - after > kept.length) return undefined
      return kept.slice(kept.length - (seq - after))
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export interface ServeOptions {
  handlers: Handlers
  log: EventLog
  trusted: boolean
  local?: boolean
  /** Turns what a handler threw into a record. */
  errorRecord(thrown: unknown): ErrorRecord
}

/** Answers one window over `wire` until it closes: checks arguments, runs handlers, carries cancels, pushes events. */
export function serve(wire: Wire, { handlers, log, trusted, local = false, errorRecord }: ServeOptions): void {
  const running = new Map<number, AbortController>()
  let unsubscribe = () => {}
  let closed = false
  const send = (message: ToWindow) => {
    if (!closed) wire.send(message)
  }

  const hello = (message: Extract<ToEngine, { type: 'hello' }>) => {
    const missed = message.epoch === log.epoch ? log.since(message.seq) : undefined
    send({ type: 'welcome', epoch: log.epoch, seq: log.seq, replay: missed !== undefined })
    for (const { seq, event } of missed ?? []) send({ type: 'event', seq, ...event })
    unsubscribe()
    unsubscribe = log.subscribe((seq, event) => send({ type: 'event', seq, ...event }))
  }

  const call = async ({ id, call, args }: Extract<ToEngine, { type: 'call' }>) => {
    if (!Object.hasOwn(calls, call))
      return send({ type: 'error', id, error: { code: 'unsupported', message: `There is no call named ${call}.` } })
    const name = call as CallName
    const parsed = calls[name].args.safeParse(args)
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!
      const where = path.length ? `${path.join('.')}: ` : ''
      return send({ type: 'error', id, error: { code: 'bad-input', message: `${name}: ${where}${message}` } })
    }
    const controller = new AbortController()
    running.set(id, controller)
    try {
      const handler = handlers[name] as (args: unknown, context: CallContext) => unknown
      const answer = handler(parsed.data, { signal: controller.signal, trusted, local })
      // What is known at once is answered at once, so that no later event can overtake a snapshot.
      send({ type: 'result', id, value: answer instanceof Promise ? await answer : answer })
    } catch (thrown) {
      send({ type: 'error', id, error: errorRecord(thrown) })
    } finally {
      running.delete(id)
    }
  }

  wire.onClose(() => {
    closed = true
    unsubscribe()
    for (const controller of running.values()) controller.abort()
  })
  wire.listen((raw) => {
    if (closed) return
    const parsed = ToEngine.safeParse(raw)
    if (!parsed.success) return wire.close()
    const message = parsed.data
    if (message.type === 'hello') hello(message)
    else if (message.type === 'cancel') running.get(message.id)?.abort()
    else void call(message)
  })
}
