import { readFile, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import * as ort from 'onnxruntime-node'
import { openDevice } from '../../src-main/compute'
import { encodeProgram } from '../../src-main/compute/compile'
import { tidyGraph } from '../../src-main/compute/onnx/graph'
import { lowerProgram } from '../../src-main/compute/onnx/lower'
import { traceProgram } from '../../src-main/compute/trace/trace'
import { decodeSafetensors, encodeSafetensors } from '../../src-main/packs'
import type { BenchCase, OpenCase } from './bench-case'
import { cases } from './cases'
import { loadTraining, wavenetTraining } from './cases/wavenet'
import type { Reply, Request } from './messages'

/** Answers requests on stdin, one line of JSON each, until it ends: the measured process of our side. */
export async function serveCase(name: string): Promise<void> {
  const found = cases.find((known) => known.name === name)
  if (!found) throw new Error(`There is no case ${name}.`)
  const answer = answering(found)
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await answer(JSON.parse(line) as Request).catch((thrown: unknown) => ({
      error: thrown instanceof Error ? thrown.message : String(thrown),
    }))
    process.stdout.write(`${JSON.stringify(reply)}\n`)
  }
  process.exit()
}

function answering(measured: BenchCase): (request: Request) => Promise<Reply<Request>> {
  let open: () => Promise<OpenCase>
  let opened: OpenCase
  return async (request) => {
    switch (request.do) {
      case 'open': {
        const device = await openDevice(request.device, { threads: request.threads })
        open = async () => measured.open(await numbers(request.values), device)
        opened = await open()
        return { versions: { node: process.versions.node, onnxruntime: ort.env.versions.node ?? 'unknown' } }
      }
      case 'time':
        return { milliseconds: await times(() => opened.call(), request) }
      case 'peak':
        return { megabytes: await peakMegabytes() }
      case 'check':
        await writeFile(request.result, encodeSafetensors(await (await open()).check()))
        return {}
      case 'load': {
        const device = await openDevice('cpu', {
          threads: request.threads,
          cache: { folder: request.cache, stamp: 'bench' },
        })
        const values = await numbers(request.values)
        const [, milliseconds] = await timed(() => loadTraining(values, device))
        return { milliseconds }
      }
      case 'compile': {
        const spec = wavenetTraining(await numbers(request.values))
        const [program, trace] = await timed(() => traceProgram(spec))
        const [model, lower] = await timed(() => {
          const lowered = lowerProgram(program, {})
          return { ...lowered, graph: tidyGraph(lowered.graph) }
        })
        const [, encode] = await timed(() => encodeProgram(model))
        return { trace, lower, encode }
      }
    }
  }
}

const numbers = async (path: string) => decodeSafetensors(await readFile(path), path)

async function timed<T>(body: () => T | Promise<T>): Promise<[T, number]> {
  const start = performance.now()
  const result = await body()
  return [result, performance.now() - start]
}

async function times(call: () => Promise<unknown>, { calls, repeats }: { calls: number; repeats: number }) {
  const figures: number[] = []
  for (let i = 0; i < repeats; i++) {
    const start = performance.now()
    for (let j = 0; j < calls; j++) await call()
    figures.push((performance.now() - start) / calls)
  }
  return figures
}

/** `maxRSS` starts from what the parent held when it started this process; Linux keeps the process' own. */
async function peakMegabytes(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '')
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]
  return (Number(kibibytes ?? process.resourceUsage().maxRSS) * 1024) / 1e6
}
