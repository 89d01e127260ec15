import { join } from 'node:path'
import { expect, it } from 'vitest'
import { random } from '../../../../src-main/lib/random'
import { exercise } from '../../../fuzz/exercise'
import { mutated } from '../../../fuzz/mutate'
import { readSeeds } from '../../../fuzz/seeds'
import { tempFolder } from '../../../helpers/folder'

const folder = join(import.meta.dirname, '../../../golden/waveglow-import')

it('whole files are read', async () => {
  const path = join(await tempFolder(), 'model.pt')
  for (const { name, bytes } of await readSeeds(folder))
    expect([name, await exercise(bytes, path)]).toEqual([name, /views|report|args/.test(name) ? 'read' : 'imported'])
})

it('mutated files are read or refused, never worse', async () => {
  const path = join(await tempFolder(), 'model.pt')
  const seeds = await readSeeds(folder, 50_000)
  const outcomes: Record<string, number> = {}
  for (let i = 0; i < 1000; i++) {
    const { kind, seed, bytes } = mutated(seeds, random(1e6 + i))
    const outcome = await exercise(bytes, path).catch((thrown: unknown) => {
      throw new Error(`file ${1e6 + i} (${kind}, ${seed})`, { cause: thrown })
    })
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  }
  for (const outcome of ['imported', 'read', 'corrupt', 'unsupported', 'bad-input'])
    expect(outcomes[outcome], outcome).toBeGreaterThan(5)
})
