import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions, BenchSuite } from '../../src-main/cli/bench'
import { NagareError } from '../../src-main/lib/errors'
import { cases } from './cases'
import { measureLoading, type Loading } from './loading'
import { measureRow, TOLERANCE, type Row } from './measure-row'
import { pythonCommand, torchMissing, torchVersion } from './pytorch'
import { figure, formatTable } from './table'

/** Speed and memory of the compute layer, row by row against PyTorch on the same numbers. */
export const compute: BenchSuite = {
  name: 'compute',
  summary:
    'matrix product, convolution, WaveNet, GAN step, overhead and loading, against PyTorch where it is installed',
  async run(options) {
    const chosen = chooseRows(options.only)
    const python = pythonCommand()
    const torch = await torchVersion(python)
    const folder = await mkdtemp(join(tmpdir(), 'nagare-bench-'))
    try {
      const rows: Row[] = []
      for (const [done, measured] of chosen.cases.entries()) {
        options.terminal.progress({ phase: 'Measuring', done, total: chosen.cases.length, note: measured.title })
        rows.push(await measureRow(measured, { ...options, folder, python: torch === undefined ? undefined : python }))
      }
      const loading = chosen.loading ? await measureLoading({ ...options, folder }) : []
      return outcome(options, rows, loading, torch, torch === undefined ? [torchMissing(python)] : [])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

function chooseRows(only: readonly string[] | undefined) {
  const names = [...cases.map(({ name }) => name), 'loading']
  const stranger = only?.find((name) => !names.includes(name))
  if (stranger !== undefined)
    throw new NagareError('bad-input', `There is no row ${stranger}.`, { hint: `Choose one of ${names.join(', ')}.` })
  const wanted = (name: string) => only?.includes(name) ?? true
  return { cases: cases.filter(({ name }) => wanted(name)), loading: wanted('loading') }
}

function outcome(
  { threads, rounds, device }: BenchOptions,
  rows: readonly Row[],
  loading: readonly Loading[],
  torch: string | undefined,
  notes: readonly string[],
) {
  const machine = {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    platform: `${process.platform} ${process.arch}`,
    threads,
    device,
    node: process.versions.node,
    onnxruntime: rows[0]?.versions['onnxruntime'] ?? null,
    torch: torch ?? null,
  }
  const apart = rows.filter(({ difference }) => difference?.agrees === false)
  const about =
    `${machine.cpu}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, device ${device}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}; ` +
    `Node ${machine.node}${machine.onnxruntime ? `, ONNX Runtime ${machine.onnxruntime}` : ''}${torch ? `, PyTorch ${torch} on the processor` : ''}`
  const legend = [
    'ms: median over the rounds. ratio: median of each round’s ours ÷ PyTorch; under 1 we are faster. MB: most memory that the process held.',
    ...(torch
      ? [
          'differs: largest difference between the two sides’ results, losses and gradients, in parts of the largest number.',
        ]
      : []),
  ]
  const table = formatTable(
    ['', 'Nagare ms', 'PyTorch ms', 'ratio', 'GFLOPS', 'PyTorch', 'Nagare MB', 'PyTorch', 'ratio', 'differs'],
    [...rows.map(rowCells), ...loading.map(({ title, times }) => [title, figure(times.median)])],
  )
  const parts = loading.flatMap(({ title, parts }) =>
    parts
      ? [
          `${title}: ${parts.operators} operators; ${figure(parts.compile)} ms to trace and lower, ${figure(parts.encode)} to encode, ` +
            `the rest is ONNX Runtime’s session.`,
        ]
      : [],
  )
  return {
    json: {
      suite: 'compute',
      machine,
      rounds,
      tolerance: TOLERANCE,
      rows: rows.map(({ versions: _, ...row }) => row),
      loading,
      notes,
    },
    text: [about, '', table, '', ...legend, ...parts, ...notes].join('\n'),
    ...(apart.length > 0 ? { failure: disagreement(apart) } : {}),
  }
}

function rowCells({ title, ours, torch, ratio, gflops, memoryRatio, difference }: Row): (string | undefined)[] {
  const shown = (value: number | null | undefined) =>
    value === null || value === undefined ? undefined : figure(value)
  const whole = (value: number | null | undefined) =>
    value === null || value === undefined ? undefined : value.toFixed(0)
  return [
    title,
    shown(ours.median),
    shown(torch?.median),
    shown(ratio),
    whole(gflops?.ours),
    whole(gflops?.torch),
    whole(ours.megabytes),
    whole(torch?.megabytes),
    shown(memoryRatio),
    difference?.largest.toExponential(0),
  ]
}

const disagreement = (rows: readonly Row[]) =>
  new NagareError(
    'internal',
    `The two sides do not compute the same: ${rows.map(({ name, difference }) => `${name} differs by ${difference!.largest.toExponential(1)} in ${difference!.value}`).join('; ')}.`,
    { hint: 'Their figures mean nothing until they do.' },
  )
