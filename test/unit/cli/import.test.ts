import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPack, readNpz } from '../../../src-main/packs'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { named, pickle, text, torchStream } from '../../helpers/torch-file'
import { golden, installNagare, refusal, type Nagare } from './nagare'

const fixture = (name: string) => golden(`waveglow-import/${name}`)

let nagare: Nagare
beforeAll(async () => {
  nagare = await installNagare()
}, 120_000)
afterAll(() => nagare.remove())

async function place() {
  const cwd = await tempFolder()
  const run = (...args: string[]) => nagare.run(['import', ...args], { cwd })
  return { cwd, run, written: async () => (await filesUnder(cwd)).filter((name) => !name.startsWith('.home/')) }
}

describe('nagare import --as waveglow', () => {
  it('makes a pack of a checkpoint, its front end out of the settings', async () => {
    const { cwd, run } = await place()
    const settings = ['--config', fixture('config.json'), '--rate', '24000']
    const args = [fixture('module-legacy.pt'), '--as', 'waveglow', '-o', 'voice.nagare', ...settings, '--json']
    const { code, out, err } = await run(...args)
    expect([code, err]).toEqual([0, ''])
    const expected = await readNpz(fixture('expected.npz'))
    const pack = join(cwd, 'voice.nagare')
    expect(JSON.parse(out)).toEqual({
      ...{ pack, kind: 'waveglow', name: 'Imported WaveGlow' },
      tensors: Object.keys(expected).length,
    })
    const { manifest, weights } = await openPack(pack)
    expect(manifest).toMatchObject({ kind: 'waveglow', frontEnd: { sampleRate: 24_000, fmin: 20, fmax: 7600 } })
    for (const [name, value] of Object.entries(expected)) expect(weights[name], name).toBeAllclose(value)
  })

  it('says what it had to assume', async () => {
    const { run } = await place()
    const { code, out } = await run(fixture('hub-legacy.pt'), '--as', 'waveglow', '-o', 'voice')
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^Imported .*does not say its sample rate; 22050 Hz is assumed/),
    ])
  })

  it('refuses a checkpoint that would run something, by name, and writes nothing', async () => {
    const { cwd, run, written } = await place()
    const root = pickle(named('os', 'system'), '(', text('touch executed'), 'tR')
    await writeFile(join(cwd, 'bad.pt'), torchStream(root))
    expect(await run('bad.pt', '--as', 'waveglow', '-o', 'out.nagare')).toEqual(
      refusal(1, 'bad.pt', 'os.system', 'Nothing in the file was executed'),
    )
    expect(await written()).toEqual(['bad.pt'])
  })

  it('refuses a cut checkpoint, settings of another, and what is none', async () => {
    const { cwd, run, written } = await place()
    const whole = await readFile(fixture('state.pt'))
    await writeFile(join(cwd, 'cut.pt'), whole.subarray(0, 20_000))
    await writeFile(join(cwd, 'other.json'), '{"waveglow_config": {"n_flows": 12}}')
    await writeFile(join(cwd, 'text.pt'), 'no checkpoint')
    const before = await written()
    const to = ['--as', 'waveglow', '-o', 'out']
    expect(await run('cut.pt', ...to)).toEqual(refusal(1, 'cut.pt', 'zip is damaged'))
    expect(await run('text.pt', ...to)).toEqual(refusal(2, 'text.pt', 'no file of PyTorch'))
    expect(await run(fixture('state.pt'), ...to, '--config', 'other.json')).toEqual(
      refusal(2, 'other.json', 'n_flows is 12, the weights have 4'),
    )
    expect(await written()).toEqual(before)
  })
})
