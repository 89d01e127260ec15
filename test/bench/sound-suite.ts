import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchSuite } from '../../src-main/cli/bench'
import { NagareError } from '../../src-main/lib/errors'
import type { Precision } from '../../src-main/compute'
import type { BenchCase } from './bench-case'
import { measureRow, TOLERANCE, type Row } from './measure-row'
import { pythonCommand, torchMissing, torchVersion } from './pytorch'
import { figure, formatTable } from './table'

/** Most rounds of the long row: one call of PyTorch's takes a minute. */
const MOST_LONG_ROUNDS = 3

/** A case that makes sound. */
export interface SoundCase extends BenchCase {
  /** Seconds of sound that one call makes. */
  seconds: number
  precision: Precision
}

type Measured = Row & Pick<SoundCase, 'seconds' | 'precision'>

/** A suite that tells how long models take for a second of sound, against PyTorch on the same numbers. `about` ends the notes below its table. */
export const soundSuite = (
  { name, summary, about }: { name: string; summary: string; about: string },
  cases: readonly SoundCase[],
): BenchSuite => ({
  name,
  summary,
  async run(options) {
    const stranger = options.only?.find((name) => !cases.some((known) => known.name === name))
    if (stranger !== undefined)
      throw new NagareError('bad-input', `There is no row ${stranger}.`, {
        hint: `Choose one of ${cases.map(({ name }) => name).join(', ')}.`,
      })
    const chosen = cases.filter(({ name }) => options.only?.includes(name) ?? true)
    const python = pythonCommand()
    const torch = await torchVersion(python)
    const folder = await mkdtemp(join(tmpdir(), 'nagare-bench-'))
    const rows: Measured[] = []
    try {
      for (const [done, { seconds, precision, ...measured }] of chosen.entries()) {
        options.terminal.progress({ phase: 'Measuring', done, total: chosen.length, note: measured.title })
        const compared = torch !== undefined && measured.torch.length > 0
        const rounds = seconds > 15 ? Math.min(options.rounds, MOST_LONG_ROUNDS) : options.rounds
        const row = await measureRow(measured, { ...options, rounds, folder, python: compared ? python : undefined })
        rows.push({ ...row, seconds, precision })
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    const { threads, device, rounds } = options
    const cpu = cpus()[0]?.model.trim() ?? 'unknown'
    const notes = torch === undefined ? [torchMissing(python)] : []
    const perSecond = (milliseconds: number | undefined, { seconds }: Measured) =>
      milliseconds === undefined ? undefined : figure(milliseconds / 1000 / seconds)
    const whole = (value: number | null | undefined) => (value ? value.toFixed(0) : undefined)
    const table = formatTable(
      ['', 'Nagare s/s', 'PyTorch s/s', 'ratio', 'Nagare MB', 'PyTorch MB', 'differs'],
      rows.map((row) => [
        row.title,
        perSecond(row.ours.median, row),
        perSecond(row.torch?.median, row),
        row.ratio === null ? undefined : figure(row.ratio),
        whole(row.ours.megabytes),
        whole(row.torch?.megabytes),
        row.difference?.largest.toExponential(0),
      ]),
    )
    const apart = rows.filter(({ difference, precision }) => precision === 'float32' && difference?.agrees === false)
    return {
      json: {
        suite: name,
        machine: { cpu, threads, device, torch: torch ?? null },
        rounds,
        tolerance: TOLERANCE,
        rows: rows.map(({ versions: _, ...row }) => row),
        notes,
      },
      text: [
        `${cpu}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, device ${device}, ${rounds} rounds${torch ? `; PyTorch ${torch} on the processor` : ''}`,
        '',
        table,
        '',
        's/s: seconds of computing for a second of sound, medians of alternating rounds; random weights. differs: largest difference of the two sides’',
        `sound in parts of its largest number. ${about}`,
        ...notes,
      ].join('\n'),
      ...(apart.length > 0
        ? { failure: new NagareError('internal', `The two sides differ: ${apart.map(({ name }) => name).join(', ')}.`) }
        : {}),
    }
  },
})
