import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { babble, noise, wav16 } from '../../helpers/signals'
import { installNagare, refusal, type Nagare } from './nagare'

let nagare: Nagare
let cwd: string
beforeAll(async () => {
  nagare = await installNagare()
  cwd = await mkdtemp(join(tmpdir(), 'nagare-train-'))
  for (const folder of ['mixed/speech/ann', 'mixed/speech/bob', 'mixed/noise', 'none'])
    await mkdir(join(cwd, folder), { recursive: true })
  for (const [i, speaker] of ['ann', 'ann', 'ann', 'bob'].entries())
    await writeFile(join(cwd, `mixed/speech/${speaker}/${i}.wav`), wav16(babble(24_000, 16_000, i + 1)))
  await writeFile(join(cwd, 'mixed/noise/hiss.wav'), wav16(noise(48_000, 9, 0.1)))
  await writeFile(
    join(cwd, 'card.json'),
    JSON.stringify({ name: 'Ann', licence: 'CC0-1.0', data: { ann: 'CC0-1.0, recorded at home' } }),
  )
  await writeFile(join(cwd, 'wrong.json'), JSON.stringify({ name: 'Ann', author: 'Ann' }))
}, 60_000)
afterAll(async () => {
  await nagare.remove()
  await rm(cwd, { recursive: true, force: true })
})

const run = (...args: string[]) => nagare.run(args, { cwd })
async function json<T>(...args: string[]): Promise<T> {
  const { code, out } = await run(...args, '--json')
  expect(code).toBe(0)
  return JSON.parse(out) as T
}
interface Card {
  name: string
  licence: string
  provenance: { data: unknown[]; steps: number; seed: number; command: string }
  metrics: { name: string; value: number; unit: string; protocol: string }[]
  files: Record<string, { sha256: string }>
}
const card = (pack: string) => json<Card>('models', 'show', pack)

const tiny = ['hidden=8', 'latent=4', 'batch=16', 'pool=256', 'reuse=20', 'speeds=1'].flatMap((pair) => ['--set', pair])
const training = (out: string, ...more: string[]) =>
  ['train', 'vae-nmf', '--data', 'mixed/speech/ann', '-o', out, '--steps', '1600', '--seed', '7', ...tiny].concat(more)

describe('train and evaluate', () => {
  it('make a pack with its card, which evaluate measures and records in it', async () => {
    const trained = await json<{ steps: number; metrics: unknown[] }>(...training('ann.nagare', '--card', 'card.json'))
    expect(trained).toMatchObject({ kind: 'vae-nmf', pack: join(cwd, 'ann.nagare'), steps: 1600 })
    expect((await readdir(cwd)).filter((name) => /checkpoint|part/.test(name))).toEqual([])
    expect(await card('ann.nagare')).toMatchObject({
      name: 'Ann',
      licence: 'CC0-1.0',
      provenance: {
        data: [{ name: 'ann', licence: 'CC0-1.0, recorded at home' }],
        steps: 1600,
        seed: 7,
        command: expect.stringContaining('nagare train vae-nmf --data ann --steps 1600 --set hidden=8'),
      },
    })

    const options = ['mixtures=2', 'seconds=1', 'iterations=2'].flatMap((pair) => ['--set', pair])
    const measured = await json<{ protocol: string; metrics: Card['metrics']; rows: { speech: string }[] }>(
      ...[
        'evaluate',
        'vae-nmf',
        '--data',
        'mixed',
        '--model',
        'ann.nagare',
        '-o',
        'table.json',
        '--record',
        ...options,
      ],
    )
    expect(measured.protocol).toMatch(/2 mixtures of 1 s: speakers bob .*SI-SDR.*2 EM iterations/)
    expect(measured.rows.map(({ speech }) => speech)).toEqual(['bob/3.wav', 'bob/3.wav'])
    const names = ['SI-SDR in', 'SI-SDR out', 'least SI-SDR out', 'segmental SNR in', 'segmental SNR out', 'wall time']
    expect(measured.metrics.map(({ name }) => name)).toEqual(names)
    for (const { value } of measured.metrics) expect(value).toSatisfy(Number.isFinite)
    const recorded = await card('ann.nagare')
    for (const metric of measured.metrics)
      expect(recorded.metrics).toContainEqual({ ...metric, protocol: measured.protocol })
    expect(recorded.metrics).toContainEqual(expect.objectContaining({ name: 'KL' }))
  })

  it('a stopped run goes on to the very same weights', async ({ skip }) => {
    if (process.platform === 'win32') skip('Windows ends a process without asking it')
    const { child, ended } = nagare.start(training('later.nagare'), { cwd })
    await vi.waitFor(async () => expect(await readdir(cwd)).toContain('later.checkpoint.nagare'), {
      timeout: 30_000,
      interval: 10,
    })
    child.kill('SIGINT')
    expect(await ended).toEqual(refusal(130, 'Stopped.', '--resume'))
    expect(await readdir(cwd)).not.toContain('later.nagare')
    const other = training('later.nagare', '--resume', '--set', 'levels=3')
    expect(await run(...other)).toEqual(refusal(1, 'later.checkpoint.nagare', 'other settings'))
    const resumed = await json(...training('later.nagare', '--resume'))
    expect(resumed).toMatchObject({ steps: 1600 })
    const hash = async (pack: string) => (await card(pack)).files['weights.safetensors']!.sha256
    expect(await hash('later.nagare')).toBe(await hash('ann.nagare'))
  })

  it.each<[string, string[], number, string[]]>([
    ['nothing to resume', training('fresh.nagare', '--resume'), 1, ['nothing to resume', 'fresh.checkpoint.nagare']],
    ['a missing card', training('fresh.nagare', '--card', 'gone.json'), 1, ['gone.json', 'no such file']],
    ['a card with an unknown field', training('fresh.nagare', '--card', 'wrong.json'), 2, ['wrong.json', 'author']],
    [
      'no recordings',
      ['train', 'vae-nmf', '--data', 'none', '-o', 'p.nagare'],
      2,
      ['none holds no recordings', '.wav'],
    ],
    ['one recording', ['train', 'vae-nmf', '--data', 'mixed/noise', '-o', 'p.nagare'], 2, ['two recordings']],
    ['no folder', ['train', 'vae-nmf', '--data', 'gone', '-o', 'p.nagare'], 1, ['gone', 'no such']],
    [
      'data of another layout',
      ['evaluate', 'vae-nmf', '--data', 'none'],
      1,
      ['expected folders speech', 'found no speech'],
    ],
    ['an unknown setting', ['evaluate', 'vae-nmf', '--data', 'mixed', '--set', 'colour=1'], 2, ['colour']],
    ['an impossible setting', ['evaluate', 'vae-nmf', '--data', 'mixed', '--set', 'snrs=loud'], 2, ['snrs']],
  ])('refuse %s', async (_, args, code, words) => {
    expect(await run(...args)).toEqual(refusal(code, ...words))
  })
})
