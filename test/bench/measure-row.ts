import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { BenchOptions } from '../../src-main/cli/bench'
import { random } from '../../src-main/lib/random'
import { decodeSafetensors, encodeSafetensors } from '../../src-main/packs'
import { largestDifference } from './agreement'
import type { BenchCase } from './bench-case'
import { startProcess, type MeasuredProcess } from './measured-process'
import { startTorch, waitPolicies, type WaitPolicy } from './pytorch'
import { median, medianRatio, summary, type Times } from './statistics'

/** Milliseconds for the threads of one side to fall asleep before the other's turn: OpenMP's spin for a while after their work. */
const REST = 100

/** Most that the two sides may differ, in parts of the largest number. */
export const TOLERANCE = 1e-3

export interface Side extends Times {
  /** Most memory held. */
  megabytes: number | null
}

export interface Row {
  name: string
  title: string
  ours: Side
  torch: Side | null
  /** Median of each round's ours ÷ PyTorch. */
  ratio: number | null
  ratios: readonly number[] | null
  memoryRatio: number | null
  gflops: { ours: number; torch: number | null } | null
  /** Largest difference of any value that both sides reported, in parts of that value's largest number. */
  difference: { largest: number; value: string; agrees: boolean } | null
  /** How PyTorch's threads wait for each other in this row. */
  torchWaits: WaitPolicy | null
  versions: Record<string, string>
}

interface RowOptions extends BenchOptions {
  /** Where the two sides find their numbers. */
  folder: string
  /** The Python with PyTorch, where there is one. */
  python: string | undefined
}

/** Measures one case, ours and PyTorch's by turns, each in a process of its own, and compares what they compute. */
export async function measureRow(measured: BenchCase, options: RowOptions): Promise<Row> {
  const { bundle, root, folder, python, threads, device, seed, rounds, terminal } = options
  const { signal } = terminal
  const values = join(folder, `${measured.name}.safetensors`)
  await writeFile(values, encodeSafetensors(measured.values(random(seed))))
  const open: MeasuredProcess[] = []
  const opened = async (side: MeasuredProcess) => {
    open.push(side)
    const { versions } = await side.ask({ do: 'open', values, threads, device })
    await turn(side, measured)
    return { side, versions }
  }
  try {
    const ours = await opened(startProcess(process.execPath, [bundle, measured.name], { signal }))
    const torch =
      python === undefined ? undefined : await fasterTorch({ root, python, threads, signal }, measured, opened)
    const sides = torch ? [ours.side, torch.side] : [ours.side]
    const versions = { ...ours.versions, ...torch?.versions }
    const figures = sides.map((): number[] => [])
    for (let round = 0; round < rounds; round++) {
      // Who goes first changes, so that neither always finds the machine as the other left it.
      const order = round % 2 === 0 ? [0, 1] : [1, 0]
      for (const i of order) if (sides[i]) figures[i]!.push(await turn(sides[i], measured))
      terminal.checkCancelled()
    }
    const peaks: (number | null)[] = []
    for (const side of sides) peaks.push((await side.ask({ do: 'peak' })).megabytes)
    const difference = sides.length === 2 ? await compare(sides, folder) : null
    return {
      name: measured.name,
      title: measured.title,
      ...figuresOf(measured, figures, peaks),
      difference,
      torchWaits: torch?.waits ?? null,
      versions,
    }
  } finally {
    for (const side of open) await side.end()
    await rm(values, { force: true })
  }
}

/** PyTorch with the wait policy under which it is faster here; the other one's process is ended. */
async function fasterTorch(
  where: Parameters<typeof startTorch>[0],
  measured: BenchCase,
  opened: (side: MeasuredProcess) => Promise<{ side: MeasuredProcess; versions: Record<string, string> }>,
) {
  const tried = []
  for (const waits of waitPolicies) tried.push({ waits, ...(await opened(startTorch(where, measured.torch, waits))) })
  const [active, passive] = tried as [(typeof tried)[0], (typeof tried)[0]]
  const trial = async ({ side }: typeof active) => Math.min(await turn(side, measured), await turn(side, measured))
  const activeFirst = (await trial(active)) <= (await trial(passive))
  const [faster, slower] = activeFirst ? [active, passive] : [passive, active]
  await slower.side.end()
  return faster
}

/** One side's figure for a round. */
async function turn(side: MeasuredProcess, { calls, repeats }: BenchCase): Promise<number> {
  await pause(REST)
  return median((await side.ask({ do: 'time', calls, repeats })).milliseconds)
}

function figuresOf({ flops }: BenchCase, [ours, torch]: number[][], [oursPeak, torchPeak]: (number | null)[]) {
  const side = (rounds: number[], megabytes: number | null | undefined): Side => ({
    ...summary(rounds),
    megabytes: megabytes ?? null,
  })
  const [a, b] = [side(ours!, oursPeak), torch ? side(torch, torchPeak) : null]
  const speed = (times: Times) => flops! / times.median / 1e6
  return {
    ours: a,
    torch: b,
    ratio: torch ? medianRatio(ours!, torch) : null,
    ratios: torch ? ours!.map((time, round) => time / torch[round]!) : null,
    memoryRatio: oursPeak && torchPeak ? oursPeak / torchPeak : null,
    gflops: flops === undefined ? null : { ours: speed(a), torch: b && speed(b) },
  }
}

async function compare(sides: readonly MeasuredProcess[], folder: string) {
  const results = []
  for (const [i, side] of sides.entries()) {
    const result = join(folder, `result-${i}.safetensors`)
    await side.ask({ do: 'check', result })
    results.push(decodeSafetensors(await readFile(result), result))
  }
  const { name, difference } = largestDifference(results[0]!, results[1]!)
  return { largest: difference, value: name, agrees: difference <= TOLERANCE }
}
