import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { random } from '../../src-main/lib/random'
import { exercise } from './exercise'
import { mutated } from './mutate'
import { readSeeds } from './seeds'

/** `torch-child SEEDS FIRST COUNT`: exercises COUNT mutated files and tells its parent of each thousand, and of the first fault. */
const [, , folder, first, count] = process.argv as [string, string, string, string, string]
const seeds = await readSeeds(folder)
const scratch = mkdtempSync(join(tmpdir(), 'nagare-fuzz-'))
const path = join(scratch, 'model.pt')
const kinds: Record<string, Record<string, number>> = {}
let slowest = { milliseconds: 0, file: 0 }

try {
  for (let i = Number(first); i < Number(first) + Number(count); i++) {
    const { kind, seed, bytes } = mutated(seeds, random(i))
    const start = performance.now()
    try {
      const outcome = await exercise(bytes, path)
      const counts = (kinds[kind] ??= {})
      counts[outcome] = (counts[outcome] ?? 0) + 1
    } catch (thrown) {
      process.send!({ fault: { file: i, kind, seed, error: String((thrown as Error)?.stack ?? thrown) } })
    }
    const milliseconds = performance.now() - start
    if (milliseconds > slowest.milliseconds) slowest = { milliseconds, file: i }
    if (i % 100 === 0) process.send!({ at: i })
  }
} finally {
  rmSync(scratch, { recursive: true })
}
process.send!({ done: { kinds, slowest, peakMegabytes: process.resourceUsage().maxRSS / 1024 } })
process.disconnect()
