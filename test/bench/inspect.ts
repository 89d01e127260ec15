import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchSuite } from '../../src-main/cli/bench'
import { NagareError } from '../../src-main/lib/errors'
import { inspectCases, type ImageCase } from './cases/inspect'
import { measureRow, TOLERANCE, type Row } from './measure-row'
import { pythonCommand, torchMissing, torchVersion } from './pytorch'
import { figure, formatTable } from './table'

type Measured = Row & Pick<ImageCase, 'images'>

/** Images that f-AnoGAN trains on and scores in a second, against the networks' usual form in PyTorch on the same weights. */
export const inspect: BenchSuite = {
  name: 'inspect',
  summary: 'images per second: f-AnoGAN in training and scoring against PyTorch',
  async run(options) {
    const stranger = options.only?.find((name) => !inspectCases.some((known) => known.name === name))
    if (stranger !== undefined)
      throw new NagareError('bad-input', `There is no row ${stranger}.`, {
        hint: `Choose one of ${inspectCases.map(({ name }) => name).join(', ')}.`,
      })
    const chosen = inspectCases.filter(({ name }) => options.only?.includes(name) ?? true)
    const python = pythonCommand()
    const torch = await torchVersion(python)
    const folder = await mkdtemp(join(tmpdir(), 'nagare-bench-'))
    const rows: Measured[] = []
    try {
      for (const [done, { images, ...measured }] of chosen.entries()) {
        options.terminal.progress({ phase: 'Measuring', done, total: chosen.length, note: measured.title })
        const row = await measureRow(measured, { ...options, folder, python: torch === undefined ? undefined : python })
        rows.push({ ...row, images })
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    const { threads, device, rounds } = options
    const cpu = cpus()[0]?.model.trim() ?? 'unknown'
    const notes = torch === undefined ? [torchMissing(python)] : []
    const apart = rows.filter(({ difference }) => difference?.agrees === false)
    return {
      json: {
        suite: 'inspect',
        machine: { cpu, threads, device, torch: torch ?? null },
        rounds,
        tolerance: TOLERANCE,
        rows: rows.map(({ versions: _, ...row }) => row),
        notes,
      },
      text: [
        `${cpu}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, device ${device}, ${rounds} rounds${torch ? `; PyTorch ${torch} on the processor` : ''}`,
        '',
        table(rows),
        '',
        'images/s: of real images, medians of alternating rounds; random weights. ratio: median of each round’s time ÷ PyTorch’s. differs: largest difference',
        'of losses, scores, maps and running statistics, in parts of the largest number (gradients: test/golden/inspect).',
        ...notes,
      ].join('\n'),
      ...(apart.length > 0
        ? { failure: new NagareError('internal', `The two sides differ: ${apart.map(({ name }) => name).join(', ')}.`) }
        : {}),
    }
  },
}

function table(rows: readonly Measured[]): string {
  const rate = (milliseconds: number | undefined, images: number) =>
    milliseconds === undefined ? undefined : figure((1000 * images) / milliseconds)
  const whole = (value: number | null | undefined) => (value ? value.toFixed(0) : undefined)
  return formatTable(
    ['', 'Nagare ms', 'PyTorch ms', 'ratio', 'images/s', 'PyTorch', 'Nagare MB', 'PyTorch MB', 'differs'],
    rows.map(({ title, images, ours, torch, ratio, difference }) => [
      title,
      figure(ours.median),
      torch ? figure(torch.median) : undefined,
      ratio === null ? undefined : figure(ratio),
      rate(ours.median, images),
      rate(torch?.median, images),
      whole(ours.megabytes),
      whole(torch?.megabytes),
      difference?.largest.toExponential(0),
    ]),
  )
}
