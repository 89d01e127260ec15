import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchOptions } from '../../src-main/cli/bench'
import { random } from '../../src-main/lib/random'
import { encodeSafetensors } from '../../src-main/packs'
import type { LoadCase } from './bench-case'
import { loads } from './cases'
import { startProcess } from './measured-process'
import type { Replies, Reply, Request } from './messages'
import { median, summary, type Times } from './statistics'

export interface Loading {
  name: string
  title: string
  times: Times
  /** Medians of what the first load is made of, in milliseconds, and how many operators the graph has. */
  parts?: Replies['compile']
}

/** Most rounds for loading: each starts three processes, and the largest model alone has 350 MB of weights. */
const MOST_ROUNDS = 3

/** What programs take to load: the first time, and from the cache of compiled graphs; each in a process that is just started. */
export async function measureLoading(options: BenchOptions & { folder: string }): Promise<Loading[]> {
  const results: Loading[] = []
  for (const program of loads) results.push(...(await measureLoad(program, options)))
  return results
}

async function measureLoad(
  { name, title, values: draw }: LoadCase,
  { bundle, folder, rounds: wanted, threads, seed, terminal }: BenchOptions & { folder: string },
): Promise<Loading[]> {
  const rounds = Math.min(wanted, MOST_ROUNDS)
  const values = join(folder, `load-${name}.safetensors`)
  await writeFile(values, encodeSafetensors(draw(random(seed))))
  const once = async <R extends Request>(request: R): Promise<Reply<R>> => {
    const side = startProcess(process.execPath, [bundle, 'load'], { signal: terminal.signal })
    try {
      return await side.ask(request)
    } finally {
      await side.end()
    }
  }
  const first: number[] = []
  const cached: number[] = []
  const parts: Replies['compile'][] = []
  for (let round = 0; round < rounds; round++) {
    terminal.progress({ phase: 'Loading', done: round, total: rounds, note: title })
    terminal.checkCancelled()
    const cache = await mkdtemp(join(folder, 'graphs-'))
    const load = { do: 'load', name, values, threads, cache } as const
    first.push((await once(load)).milliseconds)
    cached.push((await once(load)).milliseconds)
    parts.push(await once({ do: 'compile', name, values }))
    await rm(cache, { recursive: true })
  }
  await rm(values)
  const part = (of: keyof Replies['compile']) => median(parts.map((round) => round[of]))
  return [
    {
      name: `load-${name}`,
      title: `${title}: first load`,
      times: summary(first),
      parts: { compile: part('compile'), encode: part('encode'), operators: part('operators') },
    },
    { name: `load-${name}-cached`, title: `${title}: load from the cache`, times: summary(cached) },
  ]
}
