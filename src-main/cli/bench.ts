import { access } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { NagareError } from '../lib/errors'
import { places } from '../files'
import { commonOptions, number, seedOf, text, type Command, type Outcome, type Terminal } from './command'

/** What every suite of benchmarks is told. */
export interface BenchOptions {
  /** The source checkout. */
  root: string
  /** The bundle of the benchmarks, which suites start as processes of their own. */
  bundle: string
  rounds: number
  /** Threads for one op, ours and others'. */
  threads: number
  seed: number
  device: string
  /** How long a suite that takes as long as it is given may take. */
  minutes: number
  /** Names of the rows to measure; all where left out. */
  only: readonly string[] | undefined
  terminal: Terminal
}

/** A set of measurements that are told as one table. */
export interface BenchSuite {
  name: string
  summary: string
  run(options: BenchOptions): Promise<Outcome>
}

const usage = 'nagare bench [SUITE] [--rounds N] [--threads N] [--only ROW,ROW…] [--minutes M]'

export const bench: Command = {
  name: 'bench',
  usage,
  summary: 'Measure this machine, against PyTorch where it is installed',
  words: 1,
  help: {
    SUITE: 'what to measure; without it, the suites there are',
    '--rounds N': 'rounds in which the two sides take turns (7)',
    '--threads N': 'threads of either side (as many as the machine has)',
    '--only ROW,ROW…': 'measure these rows only',
    '--minutes M': 'soak: how long the first of its two runs takes (10)',
  },
  options: {
    ...commonOptions,
    rounds: { type: 'string' },
    threads: { type: 'string' },
    only: { type: 'string' },
    minutes: { type: 'string' },
  },
  async run({ values, positionals }, terminal) {
    const cores = availableParallelism()
    const rounds = number(values, 'rounds', { min: 1, max: 1000, integer: true }) ?? 7
    const threads = number(values, 'threads', { min: 1, max: cores, integer: true }) ?? cores
    const minutes = number(values, 'minutes', { min: 0.01, max: 10_000 }) ?? 10
    const { root, engine } = places()
    const bundle = join(dirname(engine), 'bench.js')
    const suites = await loadSuites(root, bundle)
    const name = positionals[0]
    if (name === undefined) {
      const width = Math.max(...suites.map((suite) => suite.name.length)) + 2
      return {
        json: { suites: suites.map((suite) => ({ name: suite.name, summary: suite.summary })) },
        text: suites.map((suite) => `${suite.name.padEnd(width)}${suite.summary}`).join('\n'),
      }
    }
    const suite = suites.find((known) => known.name === name)
    if (!suite)
      throw new NagareError('bad-input', `There is no suite ${name}.`, {
        hint: `Choose one of ${suites.map((known) => known.name).join(', ')}.`,
      })
    return suite.run({
      root,
      bundle,
      rounds,
      threads,
      seed: seedOf(values),
      device: text(values, 'device') ?? 'cpu',
      minutes,
      only: text(values, 'only')?.split(','),
      terminal,
    })
  },
}

/** Throws `unavailable` where the benchmarks or what they read is not there, as in the packaged app. */
async function loadSuites(root: string, bundle: string): Promise<readonly BenchSuite[]> {
  for (const path of [bundle, join(root, 'test', 'bench')])
    await access(path).catch(() => {
      throw new NagareError('unavailable', 'The benchmarks are not part of this installation.', {
        hint: 'They come with the source checkout: run `npm run -s nagare -- bench` there.',
      })
    })
  const { suites } = (await import(pathToFileURL(bundle).href)) as { suites: readonly BenchSuite[] }
  return suites
}
