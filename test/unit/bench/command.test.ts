import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installNagare, refusal, type Nagare } from '../cli/nagare'

let nagare: Nagare
let cwd: string
beforeAll(async () => {
  nagare = await installNagare({ bench: true })
  cwd = await mkdtemp(join(tmpdir(), 'nagare-bench-'))
}, 120_000)
afterAll(async () => {
  await nagare.remove()
  await rm(cwd, { recursive: true, force: true })
})

const withPython = (python: string, ...args: string[]) =>
  nagare.run(['bench', ...args], { cwd, env: { NAGARE_BENCH_PYTHON: python } })
const bench = (...args: string[]) => withPython(join(cwd, 'no-python'), ...args)

describe('nagare bench', () => {
  it('lists its suites', async () => {
    expect(await bench()).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^compute +\S/) })
    const { out } = await bench('--json')
    expect(JSON.parse(out)).toEqual({ suites: expect.arrayContaining([expect.objectContaining({ name: 'compute' })]) })
  })

  it('refuses suites, rows and numbers that there are not', async () => {
    expect(await bench('speed')).toMatchObject(refusal(2, 'no suite speed', 'compute'))
    expect(await bench('compute', '--only', 'tiny,large')).toMatchObject(refusal(2, 'no row large', 'tiny'))
    expect(await bench('compute', '--rounds', '0')).toMatchObject(refusal(2, '--rounds'))
  })

  it('measures without PyTorch, and says how to get it', async () => {
    const { code, out } = await bench('compute', '--only', 'tiny', '--rounds', '1', '--threads', '1')
    expect(code).toBe(0)
    expect(out).toMatch(/^tiny graph.* \d\S*( +–){4} +\d+( +–){3}$/m)
    expect(out).toContain('apt install python3-torch')
  })

  it('answers one JSON object with --json', async () => {
    const { code, out } = await bench('compute', '--only', 'tiny', '--rounds', '2', '--json')
    expect(code).toBe(0)
    const found = JSON.parse(out) as Record<string, unknown>
    expect(found).toMatchObject({
      suite: 'compute',
      rounds: 2,
      machine: { node: process.versions.node, onnxruntime: expect.stringMatching(/^1\./), torch: null },
      rows: [
        {
          name: 'tiny',
          torch: null,
          ratio: null,
          difference: null,
          ours: { rounds: [expect.any(Number), expect.any(Number)] },
        },
      ],
      notes: [expect.stringContaining('no-python')],
    })
  })
})

describe.skipIf(process.platform === 'win32')('beside something that answers like PyTorch', () => {
  /** A program that reports `value` as the tiny case's four results. */
  const pretender = async (name: string, value: string) => {
    const path = join(cwd, name)
    const program = `#!${process.execPath}
const { writeFileSync } = require('node:fs')
if (process.argv[2] === '-c') return console.log('9.9')
const answers = {
  open: () => ({ versions: { torch: '9.9' } }),
  time: ({ repeats }) => ({ milliseconds: Array(repeats).fill(1e9) }),
  peak: () => ({ megabytes: 1 }),
  check: ({ result }) => {
    const head = Buffer.from(JSON.stringify({ y: { dtype: 'F32', shape: [1, 4], data_offsets: [0, 16] } }))
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(head.length))
    writeFileSync(result, Buffer.concat([length, head, Buffer.from(Float32Array.from([0, 1, 2, 3], () => ${value}).buffer)]))
    return {}
  },
}
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line)
  console.log(JSON.stringify(answers[request.do](request)))
})
`
    await writeFile(path, program, { mode: 0o755 })
    return path
  }
  const tiny = ['compute', '--only', 'tiny', '--rounds', '3', '--json']

  it('gives ratios, and fails where the two compute different things', async () => {
    const { code, out, err } = await withPython(await pretender('other', '50'), ...tiny)
    expect(code).toBe(1)
    expect(err).toContain('do not compute the same: tiny differs by')
    const { rows } = JSON.parse(out) as { rows: Record<string, unknown>[] }
    expect(rows).toEqual([
      expect.objectContaining({
        torch: expect.objectContaining({ median: 1e9, megabytes: 1 }),
        ratios: [expect.any(Number), expect.any(Number), expect.any(Number)],
        difference: expect.objectContaining({ value: 'y', agrees: false }),
        torchWaits: expect.stringMatching(/^(active|passive)$/),
      }),
    ])
    expect(rows[0]!['ratio']).toBeLessThan(1)
  })

  it('does not take NaN for agreement', async () => {
    const { code, out } = await withPython(await pretender('nan', 'NaN'), ...tiny)
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({ rows: [{ difference: { agrees: false } }] })
  })

  it('says what a process said that died', async () => {
    const path = join(cwd, 'dies')
    await writeFile(path, '#!/bin/sh\n[ "$1" = -c ] && echo 9.9 && exit\necho no memory >&2\nexit 3\n', { mode: 0o755 })
    expect(await withPython(path, ...tiny)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/tiny\.py` failed: it ended with code 3\. no memory/),
    })
  })
})

describe('an installation without the benchmarks', () => {
  it('says where they are', async () => {
    await rm(join(dirname(nagare.file), 'bench.js'))
    expect(await bench()).toMatchObject(refusal(1, 'not part of this installation', 'source checkout'))
  })
})
