import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { eventLog, portWire, serve, Settings, type EventLog, type Handlers, type Snapshot } from '@contract'
import { openLink, type Link, type LinkStatus } from '../../src-renderer/transport/link'
import { parseAnswer } from '../../src-renderer/transport/adopt'

let lines: MessagePort[] = []
let opened: Link | undefined
beforeEach(() => {
  lines = []
  window.desktop = {
    pathOf: (file) => `/home/me/${file.name}`,
    chooseFolder: async () => null,
    platform: 'linux',
    setMenu() {},
    dragOut() {},
  }
})
afterEach(() => {
  opened?.close()
  delete window.desktop
  for (const line of lines) line.close()
})

const snapshotOf = (log: EventLog): Snapshot => ({
  epoch: log.epoch,
  seq: log.seq,
  version: '0.1.0',
  project: { name: 'Test', folder: '/tmp' },
  assets: [],
  jobs: [],
  packs: [],
  tasks: [],
  settings: Settings.parse({}),
  engine: { startedAt: '2026-11-23T10:00:00Z', lastExit: null },
})

/** An engine behind a port that is posted into the page, as the desktop's preload does. */
function engine(log: EventLog, handlers: Partial<Handlers> = {}) {
  const { port1, port2 } = new MessageChannel()
  lines.push(port1)
  serve(portWire(port1 as never), {
    handlers: { 'state.get': () => snapshotOf(log), ...handlers } as Handlers,
    log,
    trusted: true,
    errorRecord: (thrown) => ({ code: 'internal', message: String(thrown) }),
  })
  window.postMessage('nagare:port', window.location.origin, [port2])
  return port1
}

const remove = (log: EventLog, asset: string) => log.emit({ event: 'asset.removed', data: { asset } })

function newWindow() {
  const seen = { events: [] as string[], snapshots: [] as Snapshot[], status: [] as LinkStatus[] }
  const link = openLink({
    onEvent: (event) => seen.events.push(event.event === 'asset.removed' ? event.data.asset : event.event),
    onSnapshot: (snapshot) => seen.snapshots.push(snapshot),
    onStatus: (status) => seen.status.push(status),
  })
  opened = link
  return { link, seen }
}

test('reads the state at first and hears every event after it', async () => {
  const { seen } = newWindow()
  const log = eventLog('one')
  engine(log)
  await vi.waitFor(() => expect(seen.snapshots.length).toBe(1))
  remove(log, 'a-1')
  remove(log, 'a-2')
  await vi.waitFor(() => expect(seen.events).toEqual(['a-1', 'a-2']))
  expect(seen.status).toEqual(['connecting', 'open'])
})

test('a new line to the same engine brings what was missed, once, without reading the state again', async () => {
  const { seen } = newWindow()
  const log = eventLog('one')
  const first = engine(log)
  await vi.waitFor(() => expect(seen.snapshots.length).toBe(1))
  remove(log, 'a-1')
  await vi.waitFor(() => expect(seen.events).toEqual(['a-1']))
  first.close()
  remove(log, 'a-2')
  engine(log)
  remove(log, 'a-3')
  await vi.waitFor(() => expect(seen.events).toEqual(['a-1', 'a-2', 'a-3']))
  expect(seen.snapshots.length).toBe(1)
})

test('another engine makes it read the state anew', async () => {
  const { seen } = newWindow()
  engine(eventLog('one'))
  await vi.waitFor(() => expect(seen.snapshots.length).toBe(1))
  engine(eventLog('two'))
  await vi.waitFor(() => expect(seen.snapshots.map(({ epoch }) => epoch)).toEqual(['one', 'two']))
})

test('a call made while the engine is away is answered when it is back', async () => {
  const { link, seen } = newWindow()
  const answer = link.call('device.list', {})
  engine(eventLog('one'), { 'device.list': () => ({ devices: [{ id: 'cpu', name: 'CPU', available: true }] }) })
  expect((await answer).devices[0]?.name).toBe('CPU')
  expect(seen.status.at(-1)).toBe('open')
})

test('messages of other origin or kind open no line', async () => {
  const { seen } = newWindow()
  window.postMessage('something else', window.location.origin, [new MessageChannel().port2])
  const frame = document.createElement('iframe')
  document.body.append(frame)
  const script = frame.contentDocument!.createElement('script')
  script.textContent = "parent.postMessage('nagare:port', '*', [new MessageChannel().port2])"
  frame.contentDocument!.body.append(script)
  await new Promise((resolve) => setTimeout(resolve, 100))
  frame.remove()
  expect(seen.status).toEqual(['connecting'])
})

test.each([
  ['{"upload":"u-1"}', { upload: 'u-1' }],
  ['{"error":{"code":"disk-full","message":"Full."}}', { error: { code: 'disk-full', message: 'Full.' } }],
  ['{"upload":"../etc"}', {}],
  ['<html>', {}],
  ['', {}],
])('an upload answered with %s', (text, expected) => expect(parseAnswer(text)).toEqual(expected))
