import { fork } from 'node:child_process'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DeviceInfo } from '../../../src-main/compute'
import { probe } from '../../../src-main/compute/devices/probe'
import { bundle } from '../../helpers/bundle'
import { opCases } from '../../helpers/op-cases'
import { softwareVulkan } from '../../helpers/software-vulkan'

const icd = softwareVulkan()
const libraries = process.env['LD_LIBRARY_PATH']
const title = icd ? 'WebGPU on SwiftShader' : 'WebGPU (skipped: no software Vulkan driver; Chromium brings one)'

interface CaseResult {
  kernel: string
  title: string
  off?: number | null
  error?: string
  processor?: string[]
}

interface Sent {
  cases: CaseResult[]
  state?: [unknown[], unknown[]]
  half?: number | string
  memory?: { resident: number[]; corner: number }
  end: string
}

/** WGSL leaves the logarithm of 0 and of negative numbers open, and SwiftShader answers with finite ones. */
const undefinedThere = new Set(['IsNan', 'IsFinite'])

/** What the provider leaves to the processor. */
const onProcessor: Record<string, string[]> = {
  Neg: ['Neg'],
  Abs: ['Abs'],
  Round: ['Round'],
  Mod: ['Mod'],
  FloorDiv: ['Xor'],
  // Indices, from int64.
  ArgMax: ['Cast'],
  ArgMin: ['Cast'],
  TopK: ['Cast'],
  MaxPool: ['Cast'],
}

describe.skipIf(!icd)(title, () => {
  let bundled: Awaited<ReturnType<typeof bundle>> | undefined
  let device: DeviceInfo
  let sent: Sent

  beforeAll(async () => {
    bundled = await bundle({
      probe: 'src-main/compute/devices/probe-entry.ts',
      cases: 'test/helpers/webgpu-cases.ts',
    })
    const { folder } = bundled
    process.env['VK_ICD_FILENAMES'] = icd
    // Chromium brings the loader too; the system may have none.
    process.env['LD_LIBRARY_PATH'] = [dirname(icd!), libraries ?? ''].join(':')
    device = await probe('webgpu', { file: join(folder, 'probe.mjs') })
    sent = await new Promise<Sent>((done) => {
      const result: Sent = { cases: [], end: '' }
      const child = fork(join(folder, 'cases.mjs'), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] })
      child.on('message', (message: CaseResult & Partial<Sent>) => {
        if ('kernel' in message) result.cases.push(message)
        else Object.assign(result, message)
      })
      child.on('close', (code, signal) => done({ ...result, end: signal ?? String(code) }))
    })
  }, 240_000)

  afterAll(async () => {
    delete process.env['VK_ICD_FILENAMES']
    if (libraries === undefined) delete process.env['LD_LIBRARY_PATH']
    else process.env['LD_LIBRARY_PATH'] = libraries
    await bundled?.remove()
  })

  test('passes its self-test in a process of its own, and is named as the software driver it is', () => {
    expect(device).toMatchObject({ id: 'webgpu', available: true, software: true })
    expect(device.name).toMatch(/^SwiftShader/)
    expect(device.onProcessor).toBeUndefined()
    expect(device.gflops).toBeGreaterThan(0)
    expect(device.trainingGflops).toBeGreaterThan(0)
  })

  test('computed all cases and lived to the end', () => {
    expect(sent.end, `after ${sent.cases.length} cases, ${JSON.stringify(sent.cases.at(-1))}`).toBe('0')
    expect(sent.cases.length).toBe(Object.values(opCases).flat().length)
  })

  test('computes in float16, or says that it cannot', () => {
    if (typeof sent.half === 'string') expect(sent.half).toMatch(/cannot compute with 16-bit floats/)
    else expect(sent.half).toBeLessThan(1e-2)
  })

  test('its results and gradients equal the reference', () => {
    const wrong = sent.cases.filter(
      ({ kernel, off, error }) => !undefinedThere.has(kernel) && (error !== undefined || !(off! <= 1)),
    )
    expect(wrong).toEqual([])
  })

  test('what is left to the processor is known', () => {
    const left = sent.cases.filter(({ processor = [] }) => processor.length > 0)
    const known = left.filter(({ kernel, processor }) => onProcessor[kernel]?.join() === processor!.join())
    const others = left.filter((each) => !known.includes(each)).map(({ kernel, processor }) => [kernel, processor])
    expect(others).toEqual([])
  })

  test('state of every type stays on the device and is read back', () => {
    const [found, due] = sent.state!
    expect(found).toEqual(due)
  })

  test('500 steps with a megabyte of state leave the memory as it was', () => {
    const { resident, corner } = sent.memory!
    expect(corner).toBe(500)
    // Kept buffers would be 100 MB a sample.
    expect(resident.at(-1)! - resident[1]!).toBeLessThan(60)
  })
})
