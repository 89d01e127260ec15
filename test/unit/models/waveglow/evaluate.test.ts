import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { float32, type NDArrays } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import type { EvaluateContext } from '../../../../src-main/models/family'
import { MelFrontEnd, WaveGlowConfig } from '../../../../src-main/models/waveglow/config'
import { evaluateWaveGlow, heldOut } from '../../../../src-main/models/waveglow/evaluate'
import { weightShapes } from '../../../../src-main/models/waveglow/weights'
import { writePack } from '../../../../src-main/packs'
import { tempFolder } from '../../../helpers/folder'
import { babble, wav16 } from '../../../helpers/signals'

const config = WaveGlowConfig.parse({ mels: 16, flows: 2, wn: { layers: 2, channels: 8 } })
const frontEnd = MelFrontEnd.parse({ mels: 16 })

/** Small random weights, mixings that do nothing. */
function weights(): NDArrays {
  const draws = random(5)
  return Object.fromEntries(
    Object.entries(weightShapes(config)).map(([name, shape]) => {
      const array = float32(shape as number[])
      const side = array.shape[0]!
      if (name.endsWith('mix')) for (let i = 0; i < side; i++) array.data[i * side + i] = 1
      else draws.fillNormal(array.data, 0.05)
      return [name, array]
    }),
  )
}

/** Four recordings, the pack of a network that learned nothing, and what is asked of it. */
async function context(notes: string, set: Record<string, string> = {}): Promise<EvaluateContext> {
  const folder = await tempFolder()
  const data = join(folder, 'voices')
  await mkdir(join(data, 'more'), { recursive: true })
  for (const [i, name] of ['a.wav', 'b.wav', 'c.wav', join('more', 'd.wav')].entries())
    await writeFile(join(data, name), wav16(babble(8000 + 500 * i, 22_050, i), 22_050))
  const pack = join(folder, 'vocoder.nagare')
  await writePack(
    pack,
    {
      kind: 'waveglow',
      name: 'Test',
      description: '',
      licence: 'none',
      config: { ...config },
      frontEnd,
      provenance: { data: [], command: '', seed: 1, steps: 0, seconds: 0, device: 'cpu', notes },
      metrics: [],
    },
    weights(),
  )
  return { data, pack, device: 'cpu', seed: 7, set, progress: () => {}, checkCancelled: () => {} }
}

describe('evaluateWaveGlow', () => {
  it('compares the vocoder and Griffin-Lim on the recordings held out, the same at every call', async () => {
    const of = await context('The weights are those of step 3. Held out: b.wav, d.wav.', { iterations: '8' })
    const { protocol, metrics, rows } = await evaluateWaveGlow(of)
    expect(rows.map(({ recording, method }) => `${recording} ${method}`)).toEqual([
      'b.wav WaveGlow',
      'b.wav Griffin-Lim',
      `${join('more', 'd.wav')} WaveGlow`,
      `${join('more', 'd.wav')} Griffin-Lim`,
      'mean WaveGlow',
      'mean Griffin-Lim',
    ])
    expect(protocol).toContain("2 of the 4 recordings in voices, that the pack's card names as held out")
    expect(protocol).toContain('Griffin-Lim: 8 iterations')
    expect(protocol).toContain('σ 0.6')
    const valueOf = (name: string) => metrics.find((metric) => metric.name === name)!.value
    expect(valueOf('Griffin-Lim: log-mel distance')).toBe(rows[5]!['logMel'])
    expect(valueOf('WaveGlow: log-mel distance')).toBeGreaterThan(2 * valueOf('Griffin-Lim: log-mel distance'))
    expect(metrics.every(({ value }) => Number.isFinite(value))).toBe(true)

    const again = await evaluateWaveGlow(of)
    const untimed = (table: typeof rows) => table.map(({ rtf: _, ...row }) => row)
    expect(untimed(again.rows)).toEqual(untimed(rows))
    const other = await evaluateWaveGlow({ ...of, seed: 8 })
    expect(other.rows[0]!['logMel']).not.toBe(rows[0]!['logMel'])
  })

  it('takes all recordings where none is held out, or as many as asked for', async () => {
    const all = await evaluateWaveGlow(await context('Imported.', { iterations: '1', seconds: '0.1' }))
    expect(all.rows.length).toBe(2 * 5)
    expect(all.protocol).toContain('4 of the 4 recordings in voices, none of which the card names as held out')
    const two = await evaluateWaveGlow(
      await context('Held out: x.wav.', { iterations: '1', seconds: '0.1', recordings: '2', denoise: '0.1' }),
    )
    expect(two.rows.map(({ recording }) => recording)).toEqual(['a.wav', 'a.wav', 'c.wav', 'c.wav', 'mean', 'mean'])
    expect(two.protocol).toContain('denoiser 0.1')
  })

  it('stops when asked to', async () => {
    const checkCancelled = () => {
      throw new Error('cancelled')
    }
    await expect(evaluateWaveGlow({ ...(await context('')), checkCancelled })).rejects.toThrow('cancelled')
  })

  it.each([
    [{ sigma: 'loud' }, /--set sigma/],
    [{ denoise: '-1' }, /--set denoise/],
    [{ mixtures: '3' }, /^--set: .*mixtures/],
  ])('refuses the settings %j', async (set, message) => {
    await expect(evaluateWaveGlow(await context('', set))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(message),
    })
  })
})

describe('heldOut', () => {
  const files = ['/d/a.wav', '/d/e/b c.flac', '/d/c.wav', '/d/held.wav']
  it.each([
    ['Held out: a.wav, b c.flac.', ['/d/a.wav', '/d/e/b c.flac']],
    ['One. Held out: c.wav. Two. a.wav.', ['/d/c.wav']],
    ['Held out: a.wav, b c.fl', ['/d/a.wav']],
    ['Held out: a', []],
    ['a.wav', []],
    ['', []],
  ])('reads %j', (notes, expected) => {
    expect(heldOut(files, notes)).toEqual(expected)
  })
})
