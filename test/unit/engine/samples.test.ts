import { connect, SampleId } from '@contract'
import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openEngine } from '../../../src-main/engine/engine'
import { sampleFile } from '../../../src-main/engine/samples'
import { inlineRunner, testShelf } from '../../helpers/engine'
import { tempFolder } from '../../helpers/folder'
import { portLine } from '../../helpers/wires'

const resources = resolve(import.meta.dirname, '../../../resources')

async function windowOf(withResources: string) {
  const home = await tempFolder()
  const engine = await openEngine({
    ...{ folder: join(home, 'project'), settingsFile: join(home, 'settings.json'), resources: withResources },
    ...{ tasks: [], shelf: testShelf(), run: inlineRunner([]), version: '1.2.3', listDevices: async () => [] },
  })
  onTestFinished(() => engine.close())
  const line = await portLine()
  // A browser's window, which may not name files of the machine.
  engine.serve(line.engine, false)
  const client = connect(line.window, { onEvent() {}, onReset() {}, onClose() {} })
  onTestFinished(() => client.close())
  return client
}

it('adds each sample as an asset like any other', async () => {
  const client = await windowOf(resources)
  const { asset: speech } = await client.call('sample.add', { sample: 'speech' })
  expect(speech).toMatchObject({ name: 'Two voices and a tap.flac', kind: 'audio', audio: { sampleRate: 16_000 } })
  const { asset: surface } = await client.call('sample.add', { sample: 'surface' })
  expect(surface).toMatchObject({ name: 'Scratched bricks.png', kind: 'image', image: { width: 200, height: 200 } })
  const { assets } = await client.call('state.get', {})
  expect(assets.map(({ id }) => id).sort()).toEqual([speech.id, surface.id].sort())
  await client.call('asset.rename', { asset: speech.id, name: 'mine.flac' })
})

it('says so where the samples are missing', async () => {
  const client = await windowOf('')
  await expect(client.call('sample.add', { sample: 'speech' })).rejects.toMatchObject({ record: { code: 'not-found' } })
})

it('keeps them small', () => {
  const bytes = SampleId.options.map((id) => statSync(sampleFile(resources, id).file).size)
  expect(bytes.reduce((sum, each) => sum + each)).toBeLessThan(600_000)
})
