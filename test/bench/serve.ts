import { readFile, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { openDevice } from '../../src-main/compute'
import { compileProgram, encodeProgram } from '../../src-main/compute/compile'
import { runtime } from '../../src-main/compute/devices/ort'
import { decodeSafetensors, encodeSafetensors } from '../../src-main/packs'
import type { BenchCase, LoadCase, OpenCase } from './bench-case'
import { cases, loads } from './cases'
import { converters } from './cases/blow'
import { inspectCases } from './cases/inspect'
import { vocoders } from './cases/waveglow'
import type { Reply, Request } from './messages'

/** Answers requests on stdin, one line of JSON each, until it ends: the measured process of our side. */
export async function serveCase(name: string): Promise<void> {
  const answer = answering([...cases, ...vocoders, ...converters, ...inspectCases].find((known) => known.name === name))
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await answer(JSON.parse(line) as Request).catch((thrown: unknown) => ({
      error: thrown instanceof Error ? thrown.message : String(thrown),
    }))
    process.stdout.write(`${JSON.stringify(reply)}\n`)
  }
  process.exit()
}

function answering(measured: BenchCase | undefined): (request: Request) => Promise<Reply<Request>> {
  let open: () => Promise<OpenCase>
  let opened: OpenCase
  return async (request) => {
    switch (request.do) {
      case 'open': {
        const device = await openDevice(request.device, { threads: request.threads })
        if (!measured) throw new Error('This process measures how programs load.')
        open = async () => measured.open(await numbers(request.values), device)
        opened = await open()
        return { versions: { node: process.versions.node, onnxruntime: runtime.env.versions.node ?? 'unknown' } }
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
        const { spec, values } = programOf(request.name).load(await numbers(request.values))
        const [, milliseconds] = await timed(() => device.load(spec, values))
        return { milliseconds }
      }
      case 'compile': {
        const { spec, values } = programOf(request.name).load(await numbers(request.values))
        const [model, compile] = await timed(() => compileProgram(spec, values.params ?? {}))
        const [, encode] = await timed(() => encodeProgram(model))
        return { compile, encode, operators: model.graph.nodes.length }
      }
    }
  }
}

function programOf(name: string): LoadCase {
  const found = loads.find((known) => known.name === name)
  if (!found) throw new Error(`There is no program ${name}.`)
  return found
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
