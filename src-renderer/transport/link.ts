import {
  CallError,
  connect,
  portWire,
  socketWire,
  type CallArgs,
  type CallName,
  type CallResult,
  type Client,
  type EngineEvent,
  type Snapshot,
  type Wire,
} from '@contract'
import { text } from '../text/text.svelte'

export type LinkStatus = 'connecting' | 'open' | 'lost'

export interface LinkOptions {
  onEvent(event: EngineEvent): void
  /** The whole state, told at first and whenever events were missed for good. */
  onSnapshot(snapshot: Snapshot): void
  onStatus(status: LinkStatus): void
}

export interface Link {
  /** Calls the engine; waits up to `patience` milliseconds for a lost engine to come back. */
  call<K extends CallName>(name: K, args: CallArgs<K>, options?: { signal?: AbortSignal }): Promise<CallResult<K>>
  /** Lets go of the engine for good. */
  close(): void
}

const patience = 8000
const firstDelay = 200
const longestDelay = 5000

/** Milliseconds to wait before reconnection attempt number `attempt` (from 0): doubling, capped. */
export const reconnectDelay = (attempt: number) => Math.min(longestDelay, firstDelay * 2 ** attempt)

/** Keeps a line to the engine open: over ports that a desktop shell posts, or over a WebSocket to the page's own host. */
export function openLink({ onEvent, onSnapshot, onStatus }: LinkOptions): Link {
  let client: Client | undefined
  let seen: { epoch: string; seq: number } | undefined
  let attempt = 0
  const waiting = new Set<() => void>()
  const desktop = window.desktop !== undefined
  const ended = new AbortController()

  const attach = (wire: Wire) => {
    const old = client
    client = undefined
    old?.close()
    let lastSeq = seen?.seq ?? 0
    const own = connect(wire, {
      since: seen,
      onEvent(event, seq) {
        lastSeq = seq
        if (seen) seen = { ...seen, seq }
        onEvent(event)
      },
      onReset(epoch, seq) {
        lastSeq = seq
        seen = undefined
        own.call('state.get', {}).then(
          (snapshot) => {
            seen = { epoch, seq: Math.max(lastSeq, snapshot.seq) }
            onSnapshot(snapshot)
          },
          () => own.close(),
        )
      },
      onClose() {
        if (client !== own) return
        client = undefined
        onStatus('lost')
        if (!desktop && !ended.signal.aborted) reopen()
      },
    })
    client = own
    attempt = 0
    onStatus('open')
    for (const go of [...waiting]) go()
  }

  const reopen = () => setTimeout(openSocket, reconnectDelay(attempt++))
  const openSocket = () => {
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/wire`)
    let opened = false
    socket.addEventListener('open', () => {
      opened = true
      attach(socketWire(socket))
    })
    socket.addEventListener('close', () => {
      if (!opened && !ended.signal.aborted) {
        onStatus('lost')
        reopen()
      }
    })
  }

  onStatus('connecting')
  if (desktop)
    window.addEventListener(
      'message',
      (event) => {
        const port = event.ports[0]
        if (event.source === window && event.data === 'nagare:port' && port) attach(portWire(port as never))
      },
      { signal: ended.signal },
    )
  else openSocket()

  const connected = () =>
    new Promise<Client>((resolve, reject) => {
      const ready = () => {
        if (!client) return
        clearTimeout(timer)
        waiting.delete(ready)
        resolve(client)
      }
      const timer = setTimeout(() => {
        waiting.delete(ready)
        reject(
          new CallError({
            code: 'unavailable',
            message: text.engine.silent,
            hint: text.engine.silentHint,
          }),
        )
      }, patience)
      waiting.add(ready)
      ready()
    })

  return {
    call: async (name, args, options) => (client ?? (await connected())).call(name, args, options),
    close() {
      ended.abort()
      const last = client
      client = undefined
      last?.close()
    },
  }
}
