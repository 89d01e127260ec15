import { connect, Snapshot, type CallError, type EngineEvent } from '@contract'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openEngine } from '../../../src-main/engine/engine'
import { inlineRunner, testShelf } from '../../helpers/engine'
import { tempFolder } from '../../helpers/folder'
import { noise, wav16 } from '../../helpers/signals'
import { portLine } from '../../helpers/wires'

async function setup(home: string) {
  const engine = await openEngine({
    ...{
      folder: join(home, 'project'),
      settingsFile: join(home, 'settings.json'),
      tasks: [],
      shelf: testShelf('basic'),
    },
    ...{ run: inlineRunner([]), version: '1', listDevices: async () => [] },
  })
  const line = await portLine()
  const events: EngineEvent[] = []
  engine.serve(line.engine, true)
  const client = connect(line.window, { onEvent: (event) => events.push(event), onReset: () => {}, onClose: () => {} })
  onTestFinished(() => client.close())
  return { engine, client, events }
}

it('keeps the markers of a sound in the project, in the order of their times', async () => {
  const home = await tempFolder()
  const file = join(home, 'talk.wav')
  await writeFile(file, wav16(noise(16_000, 1)))
  const { engine, client } = await setup(home)
  const { asset } = await client.call('asset.add', { source: { path: file } })
  const [late, early] = [
    { id: 'm-1', time: 0.75, name: 'Second' },
    { id: 'm-2', time: 0, name: 'First' },
  ]
  await client.call('asset.mark', { asset: asset.id, markers: [late, early] })
  const kept = async (of: typeof client) =>
    Snapshot.parse(await of.call('state.get', {})).assets.find(({ id }) => id === asset.id)!.markers
  expect(await kept(client)).toEqual([early, late])
  const record = await readFile(join(home, 'project', 'assets', asset.id, 'asset.json'), 'utf8')
  expect(JSON.parse(record)).toMatchObject({ markers: [early, late] })

  const refused = async (markers: (typeof late)[]) =>
    client.call('asset.mark', { asset: asset.id, markers }).catch((error: CallError) => error.record.code)
  expect(await refused([{ ...late, time: 1.5 }])).toBe('bad-input')
  expect(await refused([late, { ...early, id: 'm-1' }])).toBe('bad-input')
  expect(await refused([{ ...late, time: -1 }])).toBe('bad-input')
  expect(await refused(Array.from({ length: 1001 }, (_, i) => ({ ...late, id: `m-${i}` })))).toBe('bad-input')
  expect(await kept(client)).toEqual([early, late])

  await engine.close()
  const again = await setup(home)
  onTestFinished(() => again.engine.close())
  expect(await kept(again.client)).toEqual([early, late])
})
