import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MelFrontEnd } from '../../../../src-main/models/waveglow/config'
import { copySynthesis, griffinLimSynthesis, type Synthesis } from '../../../../src-main/models/waveglow/copy-synthesis'
import { recordingsIn } from '../../../../src-main/models/recordings'
import { tempFolder } from '../../../helpers/folder'
import { babble, noise, wav16 } from '../../../helpers/signals'

const frontEnd = MelFrontEnd.parse({})
const context = (root: string) => ({ root, seconds: 30, progress: () => {}, checkCancelled: () => {} })

async function recordings(): Promise<string> {
  const root = await tempFolder()
  await mkdir(join(root, 'deeper'))
  await writeFile(join(root, 'a.wav'), wav16(babble(22_050, 22_050), 22_050))
  await writeFile(join(root, 'deeper', 'b.wav'), wav16(babble(16_000, 16_000, 2), 16_000))
  return root
}

/** A method that gives back what `change` makes of the recordings, which it knows. */
const oracle = (name: string, change: (x: Float32Array, index: number) => Float32Array): Synthesis => ({
  name,
  open: async (index) => ({
    synthesize: async (_mel, samples) => change(babble(samples, 22_050, index + 1), index),
    dispose: async () => {},
  }),
})

it('gives every method a row per recording and a mean, at the front end’s rate', async () => {
  const root = await recordings()
  const seen: number[][] = []
  const spy: Synthesis = {
    name: 'spy',
    open: async (index) => ({
      async synthesize(mel, samples) {
        seen.push([index, mel.length / 80, samples])
        return noise(samples, 1)
      },
      dispose: async () => {
        seen.push([index])
      },
    }),
  }
  const files = await recordingsIn(root)
  const baseline = griffinLimSynthesis(frontEnd, { iterations: 60, seed: 1, step: () => {} })
  const { rows, means } = await copySynthesis(files, frontEnd, [spy, baseline], context(root))
  expect(rows.map(({ recording, method }) => `${recording} ${method}`)).toEqual([
    'a.wav spy',
    'a.wav Griffin-Lim',
    `${join('deeper', 'b.wav')} spy`,
    `${join('deeper', 'b.wav')} Griffin-Lim`,
    'mean spy',
    'mean Griffin-Lim',
  ])
  expect(seen).toEqual([[0, 87, 22_050], [0], [1, 87, 22_050], [1]])
  expect(means['Griffin-Lim']!.logMel).toBeCloseTo((Number(rows[1]!['logMel']) + Number(rows[3]!['logMel'])) / 2, 10)
  expect(means['Griffin-Lim']!.logMel).toBeLessThan(0.3)
  expect(means['Griffin-Lim']!.logMel).toBeLessThan(0.3 * means['spy']!.logMel)
  expect(means['Griffin-Lim']!.convergence).toBeLessThan(means['spy']!.convergence)
  expect(means['Griffin-Lim']!.voicing).toBeLessThan(means['spy']!.voicing)
  expect(means['Griffin-Lim']!.rtf).toBeGreaterThan(0)
})

it('is 0 all through for the recording itself, also where the sound is longer or shorter', async () => {
  const root = await tempFolder()
  await writeFile(join(root, 'a.wav'), wav16(babble(22_050, 22_050), 22_050))
  const perfect = oracle('perfect', (x) => Float32Array.from([...x, ...noise(100, 1)]))
  const short = oracle('short', (x) => x.subarray(0, 11_025))
  const { rows } = await copySynthesis([join(root, 'a.wav')], frontEnd, [perfect, short], context(root))
  expect(rows[0]).toMatchObject({ gross: 0, voicing: 0 })
  expect(rows[0]!['logMel']).toBeLessThan(0.02)
  expect(rows[0]!['convergence']).toBeLessThan(0.001)
  expect(rows[0]!['cents']).toBeLessThan(1)
  expect(rows[1]!['logMel']).toBeGreaterThan(1)
})

it('takes so many seconds of each, and leaves frames without a voice out of the mean', async () => {
  const root = await tempFolder()
  await writeFile(join(root, 'a.wav'), wav16(noise(22_050, 3), 22_050))
  await writeFile(join(root, 'b.wav'), wav16(babble(22_050, 22_050, 2), 22_050))
  const lengths: number[] = []
  const same = oracle('same', (x) => {
    lengths.push(x.length)
    return x
  })
  const { rows, means } = await copySynthesis(await recordingsIn(root), frontEnd, [same], {
    ...context(root),
    seconds: 0.5,
  })
  expect(lengths).toEqual([11_025, 11_025])
  expect(rows[0]!['cents']).toBeNaN()
  expect(means['same']!.cents).toBe(rows[1]!['cents'])
})

it('stops when asked to, and lets go of what it opened', async () => {
  const root = await recordings()
  let disposed = 0
  const failing: Synthesis = {
    name: 'failing',
    open: async () => ({
      synthesize: async () => {
        throw new Error('stopped')
      },
      dispose: async () => {
        disposed++
      },
    }),
  }
  await expect(copySynthesis(await recordingsIn(root), frontEnd, [failing], context(root))).rejects.toThrow('stopped')
  expect(disposed).toBe(1)
  const step = () => {
    throw new Error('cancelled')
  }
  const baseline = griffinLimSynthesis(frontEnd, { iterations: 60, seed: 1, step })
  await expect(copySynthesis(await recordingsIn(root), frontEnd, [baseline], context(root))).rejects.toThrow(
    'cancelled',
  )
})
