import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { babble, wav16 } from '../../helpers/signals'
import { golden, installNagare, refusal, type Nagare } from './nagare'

/** The models that come with Nagare. */
const starters = [
  'brick-surface',
  'digit-three',
  'grass-surface',
  'gravel-surface',
  'six-voices',
  'speech-enhancer',
  'vocoder',
]
const published = golden('vae-nmf/sekiguchi_vae_wsj0_D16.npz')

let nagare: Nagare
let cwd: string
beforeAll(async () => {
  nagare = await installNagare()
  cwd = await mkdtemp(join(tmpdir(), 'nagare-models-'))
  await writeFile(join(cwd, 'noisy.wav'), wav16(babble(8000, 16_000)))
}, 60_000)
afterAll(async () => {
  await nagare.remove()
  await rm(cwd, { recursive: true, force: true })
})

const run = (...args: string[]) => nagare.run(args, { cwd })
async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await run(...args, '--json')
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out) as Record<string, unknown>
}
const listed = async () => (await json('models')) as { models: { id: string; origin: string; kind: string }[] }

describe('import', () => {
  it('turns the published checkpoint into a pack that cleans', async () => {
    expect(await json('import', published, '--as', 'vae-nmf', '-o', 'wsj0.nagare')).toMatchObject({
      kind: 'vae-nmf',
      pack: join(cwd, 'wsj0.nagare'),
      tensors: 10,
    })
    const done = await json('enhance', 'noisy.wav', '-o', 'c.wav', '--iterations', '1', '--model', 'wsj0.nagare')
    expect(done).toMatchObject({ pack: join(cwd, 'wsj0.nagare'), files: [{ output: join(cwd, 'c.wav') }] })
  })

  it.each<[string, string[], number, string[]]>([
    ['garbage', ['garbage.npz', '--as', 'vae-nmf'], 2, ['garbage.npz', 'no .npz file']],
    ['other arrays', [golden('vae-nmf/vaenmf_mcem_small.npz'), '--as', 'vae-nmf'], 2, ['linear_enc/W', 'H0', '--as']],
    ['an unknown kind', [published, '--as', 'gan'], 2, ['no kind of model gan', 'vae-nmf']],
    ['a missing file', ['gone.npz', '--as', 'vae-nmf'], 1, ['gone.npz', 'no such file']],
    ['a folder', ['.', '--as', 'vae-nmf'], 2, ['found a folder']],
    ['a senseless rate', [published, '--as', 'vae-nmf', '--rate', '16'], 2, ['--rate', 'from 1000']],
  ])('refuses %s', async (_, args, code, words) => {
    await writeFile(join(cwd, 'garbage.npz'), 'PK\x03\x04 not really')
    expect(await run('import', ...args, '-o', 'bad.nagare')).toEqual(refusal(code, ...words))
    expect(await readdir(cwd)).not.toContain('bad.nagare')
    expect((await readdir(cwd)).filter((name) => name.endsWith('.part'))).toEqual([])
  })
})

describe('models', () => {
  it('are added, listed, shown, used by name and removed', async () => {
    expect((await listed()).models).toEqual([
      expect.objectContaining({ id: 'brick-surface', origin: 'starter', kind: 'patch-gaussian' }),
      expect.objectContaining({ id: 'digit-three', origin: 'starter', kind: 'pca' }),
      expect.objectContaining({ id: 'grass-surface', origin: 'starter', kind: 'synthetic-defects' }),
      expect.objectContaining({ id: 'gravel-surface', origin: 'starter', kind: 'synthetic-defects' }),
      expect.objectContaining({ id: 'six-voices', origin: 'starter', kind: 'blow' }),
      expect.objectContaining({ id: 'speech-enhancer', origin: 'starter', kind: 'vae-nmf' }),
      expect.objectContaining({ id: 'vocoder', origin: 'starter', kind: 'waveglow' }),
    ])
    await json('import', published, '--as', 'vae-nmf', '-o', 'mine.nagare')
    expect(await json('models', 'add', 'mine.nagare')).toMatchObject({ id: 'mine', origin: 'user' })
    expect(await run('models', 'add', 'mine.nagare')).toEqual(refusal(1, 'named mine is there', 'Remove it first'))
    expect((await listed()).models.map(({ id }) => id)).toEqual([...starters, 'mine'])
    const lines = starters.map((id) => `${id} .*\\(starter\\)\n`).join('')
    expect((await run('models', 'list')).out).toMatch(new RegExp(`^${lines}mine .*\n$`))

    const shown = await json('models', 'show', 'mine')
    expect(shown).toMatchObject({ kind: 'vae-nmf', format: 'nagare-pack', parameters: expect.any(Number) })
    expect(shown['tensors']).toContainEqual({ name: 'decoder.hidden.weight', shape: [16, 128] })

    await writeFile(join(cwd, 'card.json'), JSON.stringify({ name: 'My own', description: 'Cleans.' }))
    expect(await json('models', 'describe', 'mine', '--card', 'card.json')).toMatchObject({ name: 'My own' })
    expect(await json('models', 'show', 'mine')).toMatchObject({
      ...{ name: 'My own', description: 'Cleans.', licence: shown['licence'], tensors: shown['tensors'] },
    })
    await writeFile(join(cwd, 'card.json'), JSON.stringify({ title: 'My own' }))
    expect(await run('models', 'describe', 'mine', '--card', 'card.json')).toEqual(refusal(2, 'card.json', 'title'))
    const used = await json('enhance', 'noisy.wav', '-o', 'm.wav', '--iterations', '1', '--model', 'mine')
    expect(used).toMatchObject({ pack: join(cwd, '.home/packs/mine.nagare') })

    expect(await json('models', 'remove', 'mine')).toEqual({ removed: 'mine' })
    expect(await run('models', 'remove', 'mine')).toEqual(refusal(1, 'no model mine'))
    expect(await readdir(join(cwd, '.home/packs'))).toEqual([])
  })

  it('are halved, and work as before', async () => {
    await json('import', published, '--as', 'vae-nmf', '-o', 'whole.nagare')
    const { before, bytes } = await json('models', 'halve', 'whole.nagare', '-o', 'half.nagare')
    expect(Number(bytes) / Number(before)).toBeLessThan(0.52)
    const used = await json('enhance', 'noisy.wav', '-o', 'h.wav', '--iterations', '1', '--model', 'half.nagare')
    expect(used).toMatchObject({ pack: join(cwd, 'half.nagare'), files: [{ output: join(cwd, 'h.wav') }] })
    expect(await run('models', 'halve', 'whole.nagare')).toEqual(refusal(2, '--out is missing'))
    expect(await run('models', 'halve', 'gone', '-o', 'none.nagare')).toEqual(refusal(1, 'no model gone'))
    expect(await readdir(cwd)).not.toContain('none.nagare')
  })

  it('that came with Nagare stay, and only packs are added', async () => {
    expect(await run('models', 'remove', 'speech-enhancer')).toEqual(refusal(1, 'came with Nagare'))
    expect(await run('models', 'add', 'noisy.wav')).toEqual(refusal(1, 'noisy.wav', '.nagare'))
    expect(await run('models', 'add', 'gone.nagare')).toEqual(refusal(1, 'gone.nagare', 'no such file'))
    expect(await run('models', 'show', 'gone')).toEqual(refusal(1, 'no model gone'))
  })

  it('that are damaged are told aside and do not hide the others', async () => {
    await cp(join(cwd, 'noisy.wav'), join(cwd, '.home/packs/odd.nagare'))
    const { code, out, err } = await run('models', '--json')
    expect([code, err]).toEqual([0, expect.stringContaining('odd.nagare')])
    expect((JSON.parse(out) as { models: { id: string }[] }).models.map(({ id }) => id)).toEqual(starters)
    await rm(join(cwd, '.home/packs/odd.nagare'))
  })
})
