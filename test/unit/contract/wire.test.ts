import { describe, expect, it } from 'vitest'
import {
  CallError,
  connect,
  eventLog,
  maxMessage,
  serve,
  socketWire,
  type ClientOptions,
  type EngineEvent,
  type Handlers,
} from '@contract'
import { errorRecord, NagareError } from '../../../src-main/lib/errors'
import { portLine, socketLine, until, type Line } from '../../helpers/wires'

const removed = (asset: string): EngineEvent => ({ event: 'asset.removed', data: { asset } })

/** Handlers that answer `asset.remove` by `answer`; every other call fails. */
function handlers(own: Partial<Handlers>): Handlers {
  return new Proxy(own as Handlers, {
    get: (known, name: keyof Handlers) =>
      known[name] ??
      (() => {
        throw new NagareError('unsupported', `${name} is not part of this test`)
      }),
  })
}

function recorder(since?: ClientOptions['since']) {
  const seen: string[] = []
  const resets: { epoch: string; seq: number }[] = []
  const state = { closed: false }
  const options: ClientOptions = {
    since,
    onEvent: (event, seq) => seen.push(`${seq} ${event.event === 'asset.removed' ? event.data.asset : event.event}`),
    onReset: (epoch, seq) => resets.push({ epoch, seq }),
    onClose: () => (state.closed = true),
  }
  return { seen, resets, state, options }
}

describe.each([
  ['a MessagePort', portLine],
  ['a WebSocket', socketLine],
])('over %s', (_, line: () => Promise<Line>) => {
  async function joined(own: Partial<Handlers>, log = eventLog('e1'), since?: ClientOptions['since']) {
    const ends = await line()
    const record = recorder(since)
    serve(ends.engine, { handlers: handlers(own), log, trusted: false, errorRecord })
    const client = connect(ends.window, record.options)
    return { ...ends, ...record, client, log }
  }

  it('answers calls, several at a time, each with its own result', async () => {
    const { client } = await joined({
      'asset.export': async ({ asset }) => {
        await new Promise((resolve) => setTimeout(resolve, asset === 'a' ? 30 : 0))
        return { url: `/exports/${asset}`, name: asset, bytes: 3 }
      },
    })
    const results = await Promise.all(
      ['a', 'b', 'c'].map((asset) => client.call('asset.export', { asset, format: 'wav-s16' })),
    )
    expect(results.map((result) => result.name)).toEqual(['a', 'b', 'c'])
    client.close()
  })

  it('carries what a handler throws as its record', async () => {
    const { client } = await joined({
      'asset.remove': () => {
        throw new NagareError('conflict', 'It is in use.', { hint: 'Wait.', file: 'x.wav' })
      },
    })
    const error = await client.call('asset.remove', { asset: 'a' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(CallError)
    expect((error as CallError).record).toEqual({
      code: 'conflict',
      message: 'It is in use.',
      hint: 'Wait.',
      file: 'x.wav',
    })
    client.close()
  })

  it('refuses bad arguments before the handler and names the field', async () => {
    let ran = 0
    const { client } = await joined({ 'asset.rename': () => (ran++, {}) })
    await expect(client.call('asset.rename', { asset: '../etc', name: 'x' })).rejects.toThrow(/asset\.rename: asset:/)
    await expect(client.call('asset.rename', { asset: 'a', name: '' })).rejects.toMatchObject({
      record: { code: 'bad-input' },
    })
    await expect(client.call('no.such' as 'asset.remove', { asset: 'a' })).rejects.toMatchObject({
      record: { code: 'unsupported' },
    })
    expect(ran).toBe(0)
    client.close()
  })

  it('tells the handler that its caller cancelled', async () => {
    const { client } = await joined({
      'asset.add': (_, { signal }) =>
        new Promise((__, reject) =>
          signal.addEventListener('abort', () => reject(new NagareError('cancelled', 'Stopped.'))),
        ),
    })
    const later = new AbortController()
    const first = client.call('asset.add', { source: { asset: 'a' } }, { signal: later.signal })
    setTimeout(() => later.abort(), 10)
    await expect(first).rejects.toMatchObject({ record: { code: 'cancelled' } })
    const before = client.call('asset.add', { source: { asset: 'a' } }, { signal: AbortSignal.abort() })
    await expect(before).rejects.toMatchObject({ record: { code: 'cancelled' } })
    client.close()
  })

  it('pushes events in order', async () => {
    const { client, seen, resets, log } = await joined({})
    await until(() => resets.length === 1)
    for (let i = 0; i < 50; i++) log.emit(removed(`x${i}`))
    await until(() => seen.length === 50)
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => `${i + 1} x${i}`))
    client.close()
  })

  it('asks for the whole state on a first wire, and only then', async () => {
    const log = eventLog('e1')
    log.emit(removed('early'))
    const first = await joined({}, log)
    await until(() => first.resets.length === 1)
    expect(first.resets).toEqual([{ epoch: 'e1', seq: 1 }])
    expect(first.seen).toEqual([])
    first.client.close()
  })

  it('replays what a reconnecting window missed: nothing missed, nothing twice', async () => {
    const log = eventLog('e1')
    const first = await joined({}, log)
    await until(() => first.resets.length === 1)
    log.emit(removed('a'))
    log.emit(removed('b'))
    await until(() => first.seen.length === 2)
    first.client.close()
    await until(() => first.state.closed)
    log.emit(removed('c'))
    log.emit(removed('d'))
    const second = await joined({}, log, { epoch: 'e1', seq: 2 })
    log.emit(removed('e'))
    await until(() => second.seen.length === 3)
    expect(second.seen).toEqual(['3 c', '4 d', '5 e'])
    expect(second.resets).toEqual([])
    expect(first.seen).toEqual(['1 a', '2 b'])
    second.client.close()
  })

  it('resets a window that fell too far behind or knew another engine life', async () => {
    const log = eventLog('e2', 3)
    for (const id of ['a', 'b', 'c', 'd', 'e']) log.emit(removed(id))
    const behind = await joined({}, log, { epoch: 'e2', seq: 1 })
    await until(() => behind.resets.length === 1)
    expect(behind.resets).toEqual([{ epoch: 'e2', seq: 5 }])
    const edge = await joined({}, log, { epoch: 'e2', seq: 2 })
    await until(() => edge.seen.length === 3)
    expect(edge.resets).toEqual([])
    const stranger = await joined({}, log, { epoch: 'e1', seq: 5 })
    await until(() => stranger.resets.length === 1)
    log.emit(removed('f'))
    await until(() => stranger.seen.length === 1)
    expect([...behind.seen, ...stranger.seen]).toEqual(['6 f', '6 f'])
    for (const { client } of [behind, edge, stranger]) client.close()
  })

  it('rejects what is pending when the line ends, aborts the handler, and refuses calls from then on', async () => {
    let aborted = false
    const { client, engine, state } = await joined({
      'asset.add': (_, { signal }) => {
        signal.addEventListener('abort', () => (aborted = true))
        return new Promise(() => {})
      },
    })
    const pending = client.call('asset.add', { source: { asset: 'a' } })
    setTimeout(() => engine.close(), 10)
    await expect(pending).rejects.toMatchObject({ record: { code: 'unavailable' } })
    await until(() => state.closed && aborted)
    await expect(client.call('asset.remove', { asset: 'a' })).rejects.toMatchObject({ record: { code: 'unavailable' } })
  })

  it('hangs up on what is no message of the contract', async () => {
    const { window, state } = await joined({})
    window.send({ type: 'call', id: 'one' })
    await until(() => state.closed)
  })
})

describe('serve', () => {
  it('never lets an event overtake the answer of a handler that answers at once', () => {
    const log = eventLog('e1')
    const sent: unknown[] = []
    let receive: (message: unknown) => void = () => {}
    const wire = { send: (message: unknown) => sent.push(message), listen: (to: typeof receive) => (receive = to) }
    const own = handlers({ 'asset.export': () => ({ url: '/', name: `at ${log.seq}`, bytes: 0 }) })
    serve({ ...wire, onClose() {}, close() {} }, { handlers: own, log, trusted: false, errorRecord })
    receive({ type: 'hello', epoch: null, seq: 0 })
    receive({ type: 'call', id: 7, call: 'asset.export', args: { asset: 'a', format: 'wav-s16' } })
    log.emit(removed('later'))
    expect(sent.slice(1)).toMatchObject([
      { type: 'result', id: 7, value: { name: 'at 0' } },
      { type: 'event', seq: 1 },
    ])
  })
})

describe('a WebSocket', () => {
  it.each([
    ['is too long', JSON.stringify({ type: 'call', id: 1, call: 'x', args: 'x'.repeat(maxMessage) })],
    ['is no JSON', '{"type":'],
  ])('closes when a message %s', async (_, text) => {
    const { engine, window, sendRaw } = await socketLine()
    const record = recorder()
    serve(engine, { handlers: handlers({}), log: eventLog('e1'), trusted: false, errorRecord })
    connect(window, record.options)
    sendRaw!(text)
    await until(() => record.state.closed)
  })

  it('carries an answer that is longer than any question may be', async () => {
    const { engine, window } = await socketLine()
    const name = 'n'.repeat(2 * maxMessage)
    const own = handlers({ 'asset.export': () => ({ url: '/', name, bytes: 1 }) })
    serve(engine, { handlers: own, log: eventLog('e1'), trusted: false, errorRecord })
    const client = connect(window, recorder().options)
    const result = await client.call('asset.export', { asset: 'a', format: 'wav-s16' })
    expect(result.name.length).toBe(name.length)
    client.close()
  })
})

describe('a socket', () => {
  it('that takes nothing any more is closed instead of filled', () => {
    const sent: string[] = []
    const codes: (number | undefined)[] = []
    const socket = {
      bufferedAmount: 0,
      send: (data: string) => sent.push(data),
      close: (code?: number) => codes.push(code),
      addEventListener: () => {},
    }
    const wire = socketWire(socket)
    wire.send('a')
    expect([sent, codes]).toEqual([['"a"'], []])
    socket.bufferedAmount = 2 ** 30
    wire.send('b')
    expect([sent, codes]).toEqual([['"a"'], [1013]])
  })
})
