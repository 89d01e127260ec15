import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchOptions } from '../../src-main/cli/bench'
import { random } from '../../src-main/lib/random'
import { encodeSafetensors } from '../../src-main/packs'
import { wavenetStep } from './cases/wavenet'
import { startProcess } from './measured-process'
import type { Replies, Reply, Request } from './messages'
import { median, summary, type Times } from './statistics'

export interface Loading {
  name: string
  title: string
  times: Times
  /** Medians of what the first load is made of, in milliseconds. */
  parts?: Replies['compile']
}

/** What the WaveNet's training step takes to load: the first time, and from the cache of compiled graphs; each in a process that is just started. */
export async function measureLoading({
  bundle,
  folder,
  rounds,
  threads,
  seed,
  terminal,
}: BenchOptions & { folder: string }): Promise<Loading[]> {
  const values = join(folder, 'loading.safetensors')
  await writeFile(values, encodeSafetensors(wavenetStep.values(random(seed))))
  const once = async <R extends Request>(request: R): Promise<Reply<R>> => {
    const side = startProcess(process.execPath, [bundle, wavenetStep.name], { signal: terminal.signal })
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
    terminal.progress({ phase: 'Loading', done: round, total: rounds, note: wavenetStep.title })
    terminal.checkCancelled()
    const cache = await mkdtemp(join(folder, 'graphs-'))
    const load = { do: 'load', values, threads, cache } as const
    first.push((await once(load)).milliseconds)
    cached.push((await once(load)).milliseconds)
    parts.push(await once({ do: 'compile', values }))
    await rm(cache, { recursive: true })
  }
  const part = (name: keyof Replies['compile']) => median(parts.map((round) => round[name]))
  return [
    {
      name: 'load',
      title: `${wavenetStep.title}: first load`,
      times: summary(first),
      parts: { trace: part('trace'), lower: part('lower'), encode: part('encode') },
    },
    { name: 'load-cached', title: `${wavenetStep.title}: load from the cache`, times: summary(cached) },
  ]
}
