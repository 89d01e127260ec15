import { readdir } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions, BenchSuite } from '../../src-main/cli/bench'
import { openDevice, precisions, type Precision } from '../../src-main/compute'
import { inputTypes, lengthNames, withLengths } from '../../src-main/compute/lengths'
import { NagareError } from '../../src-main/lib/errors'
import type { NDArray, NDArrays } from '../../src-main/lib/ndarray'
import { random, type Random } from '../../src-main/lib/random'
import { family } from '../../src-main/models/registry'
import type { ExportedGraph } from '../../src-main/models/family'
import { openPack } from '../../src-main/packs'
import { normal, type BenchCase } from './bench-case'
import { convolution } from './cases/conv1d'
import { waveglowGeneration } from './cases/waveglow'
import { wavenetForward } from './cases/wavenet'
import { figure, formatTable } from './table'
import { median, medianRatio } from './statistics'

type QuantCase = Pick<BenchCase, 'name' | 'title' | 'values' | 'open'>

interface Measured {
  precision: Precision
  milliseconds: number
  /** Against float32 in the same rounds; under 1 it is faster. */
  ratio: number
  /** Root mean square of what differs from float32, in parts of the output's own, and the same in decibels. */
  error: number
  decibels: number
  /** The output that differs most. */
  output: string
}

/** What `int8` and `float16` cost in exactness and gain in speed: whole networks against their own float32. */
export const quant: BenchSuite = {
  name: 'quant',
  summary: 'error and speed of int8 and float16 against float32: networks of real size and the starter packs',
  async run(options) {
    const all = [convolution, wavenetForward, waveglowGeneration, ...(await packCases(options.root))]
    const stranger = options.only?.find((name) => !all.some((known) => known.name === name))
    if (stranger !== undefined)
      throw new NagareError('bad-input', `There is no row ${stranger}.`, {
        hint: `Choose one of ${all.map(({ name }) => name).join(', ')}.`,
      })
    const chosen = all.filter(({ name }) => options.only?.includes(name) ?? true)
    const rows: { name: string; title: string; measured: Measured[] }[] = []
    for (const [done, each] of chosen.entries()) {
      options.terminal.progress({ phase: 'Measuring', done, total: chosen.length, note: each.title })
      rows.push({ name: each.name, title: each.title, measured: await measure(each, options) })
    }
    const { device, threads, rounds } = options
    const cpu = cpus()[0]?.model.trim() ?? 'unknown'
    const table = formatTable(
      ['', 'precision', 'ms', 'to float32', 'error', 'dB'],
      rows.flatMap(({ title, measured }) =>
        measured.map(({ precision, milliseconds, ratio, error, decibels }, i) => [
          i === 0 ? title : '',
          precision,
          figure(milliseconds),
          ...(i === 0 ? [] : [figure(ratio), error.toExponential(1), decibels.toFixed(1)]),
        ]),
      ),
    )
    const legend = [
      'error: root mean square of the difference to float32 in parts of the result’s own, at the output that differs most; dB: the same as a level.',
      'float16 on the processor is only emulated: its error is that of a graphics card, its speed is not.',
    ]
    const about = `${cpu}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, device ${device}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`
    return {
      json: { suite: 'quant', machine: { cpu, threads, device }, rounds, rows },
      text: [about, '', table, '', ...legend].join('\n'),
    }
  },
}

async function measure(
  each: QuantCase,
  { device, threads, rounds, seed, terminal }: BenchOptions,
): Promise<Measured[]> {
  const values = each.values(random(seed))
  const sides: { precision: Precision; call(): Promise<unknown>; result: NDArrays; times: number[] }[] = []
  for (const precision of precisions) {
    const opened = await each.open(values, await openDevice(device, { threads, precision }))
    sides.push({ precision, call: () => opened.call(), result: await opened.check(), times: [] })
  }
  for (let round = 0; round < rounds; round++) {
    terminal.checkCancelled()
    for (const side of sides) {
      const start = performance.now()
      await side.call()
      side.times.push(performance.now() - start)
    }
  }
  const [exact] = sides as [(typeof sides)[number]]
  return sides.map(({ precision, result, times }) => {
    const errors = Object.entries(exact.result).map(([output, array]) => ({
      output,
      error: relativeError(result[output]!, array),
    }))
    const worst = errors.reduce((a, b) => (b.error > a.error ? b : a))
    return {
      precision,
      milliseconds: median(times),
      ratio: medianRatio(times, exact.times),
      ...worst,
      decibels: 20 * Math.log10(worst.error),
    }
  })
}

function relativeError(found: NDArray, exact: NDArray): number {
  let [difference, size] = [0, 0]
  for (const [i, x] of exact.data.entries()) {
    difference += (found.data[i]! - x) ** 2
    size += x ** 2
  }
  return difference === 0 ? 0 : Math.sqrt(difference / size)
}

const FRAMES = 512

/** The networks of the starter packs, as `nagare export` writes them, on random frames. */
async function packCases(root: string): Promise<QuantCase[]> {
  const folder = join(root, 'resources', 'packs')
  const files = (await readdir(folder)).filter((name) => name.endsWith('.nagare')).sort()
  const cases = await Promise.all(
    files.map(async (file) => {
      const pack = await openPack(join(folder, file))
      const exported = await family(pack.manifest.kind).exports?.(pack)
      return (exported?.graphs ?? []).map((graph) => graphCase(file.replace(/\.nagare$/, ''), graph))
    }),
  )
  return cases.flat()
}

const graphCase = (pack: string, { name, spec, params }: ExportedGraph): QuantCase => ({
  name: `${pack}/${name}`,
  title: `${pack}, ${name}, ${FRAMES} frames`,
  values: (source) => inputsOf(source, spec.inputs),
  async open(values, device) {
    const runner = await device.load(spec, { params })
    return { call: () => runner.run(values), check: () => runner.run(values) }
  },
})

/** Squares of normal numbers for powers, normal numbers for all else. */
function inputsOf(source: Random, shapes: ExportedGraph['spec']['inputs']): NDArrays {
  const types = inputTypes(shapes)
  const lengths = Object.fromEntries(lengthNames(types).map((name) => [name, FRAMES]))
  return Object.fromEntries(
    Object.entries(withLengths(types, lengths)).map(([name, { shape }]): [string, NDArray] => {
      const drawn = normal(source, shape)
      return [name, name === 'power' ? { ...drawn, data: drawn.data.map((x) => x * x) as Float32Array } : drawn]
    }),
  )
}
