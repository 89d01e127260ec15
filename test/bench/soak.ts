import { createHash } from 'node:crypto'
import { cpus } from 'node:os'
import type { BenchOptions, BenchSuite } from '../../src-main/cli/bench'
import { openDevice } from '../../src-main/compute'
import { NagareError } from '../../src-main/lib/errors'
import { pick } from '../../src-main/lib/ndarray'
import { random } from '../../src-main/lib/random'
import { normal } from './bench-case'
import { wavenetLoad, wavenetInputs } from './cases/wavenet'
import { figure, formatTable } from './table'
import { median } from './statistics'

interface Run {
  losses: Float32Array
  /** Of the trained state, all of it. */
  sha256: string
  /** Resident memory in MB, once a second. */
  resident: number[]
  seconds: number
}

/** Growth of resident memory from the second quarter of a run to its last that is still called flat. */
const FLAT_MEGABYTES = 30

/**
 * Trains the WaveNet of the suite `compute` on new numbers at every step for `--minutes`, then the same number of steps again from the same seed: the loss
 * curves and the trained weights must be the same to the bit, and memory must not grow.
 */
export const soak: BenchSuite = {
  name: 'soak',
  summary: 'a long training run twice: the same to the bit, with flat memory',
  async run(options) {
    const first = await train(options, 'First run', undefined)
    const second = await train(options, 'Second run', first.losses.length)
    const same = first.sha256 === second.sha256 && first.losses.every((loss, i) => loss === second.losses[i])
    const runs = [first, second].map(({ resident, seconds, losses, sha256 }) => {
      const quarter = (k: number) =>
        median(resident.slice(Math.floor((resident.length * k) / 4), Math.ceil((resident.length * (k + 1)) / 4)))
      return {
        steps: losses.length,
        seconds,
        secondQuarter: quarter(1),
        lastQuarter: quarter(3),
        peak: Math.max(...resident),
        firstLoss: losses[0]!,
        lastLoss: losses.at(-1)!,
        sha256,
      }
    })
    const grown = runs.filter(({ lastQuarter, secondQuarter }) => lastQuarter - secondQuarter > FLAT_MEGABYTES)
    const table = formatTable(
      ['', 'steps', 'minutes', 'first loss', 'last loss', 'MB, 2nd quarter', 'MB, last', 'MB, most'],
      runs.map((run, i) => [
        i === 0 ? 'first run' : 'second run',
        String(run.steps),
        figure(run.seconds / 60),
        figure(run.firstLoss),
        figure(run.lastLoss),
        ...[run.secondQuarter, run.lastQuarter, run.peak].map((megabytes) => megabytes.toFixed(0)),
      ]),
    )
    const verdict = same
      ? 'Both loss curves and all trained state are the same to the bit.'
      : 'The two runs are NOT the same.'
    return {
      json: {
        suite: 'soak',
        machine: { cpu: cpus()[0]?.model.trim() ?? 'unknown', threads: options.threads },
        same,
        runs,
      },
      text: [table, '', verdict].join('\n'),
      ...(same && grown.length === 0
        ? {}
        : {
            failure: new NagareError(
              'internal',
              same ? 'Memory grew while training.' : 'Two runs from one seed came out differently.',
            ),
          }),
    }
  },
}

async function train(
  { threads, device, seed, minutes, terminal }: BenchOptions,
  phase: string,
  steps: number | undefined,
): Promise<Run> {
  const source = random(seed)
  const all = wavenetLoad.values(source)
  const { spec, values } = wavenetLoad.load(all)
  const runner = await (await openDevice(device, { threads })).load(spec, values)
  const shapes = Object.entries(pick(all, wavenetInputs)).map(([name, { shape }]) => ({ name, shape }))
  const losses: number[] = []
  const resident: number[] = []
  const start = performance.now()
  const passed = () => (performance.now() - start) / 1000
  while (steps === undefined ? passed() < minutes * 60 : losses.length < steps) {
    terminal.checkCancelled()
    const inputs = Object.fromEntries(shapes.map(({ name, shape }) => [name, normal(source, shape)]))
    losses.push((await runner.run(inputs))['loss']!.data[0]!)
    if (resident.length < passed()) resident.push(process.memoryUsage.rss() / 1e6)
    const done = steps === undefined ? passed() : losses.length
    terminal.progress({ phase, done, total: steps ?? minutes * 60, note: `step ${losses.length}` })
  }
  const seconds = passed()
  const hash = createHash('sha256')
  for (const [name, { data }] of Object.entries(await runner.state()).sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  await runner.dispose()
  return { losses: Float32Array.from(losses), sha256: hash.digest('hex'), resident, seconds }
}
