import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DeviceInfo } from './device-info'
import { keepDevices, knownDevices } from './known-devices'
import { gpuProviders } from './providers'

const LIMIT_MS = 60_000

export interface ProbeOptions {
  /** The bundled `probe-entry`; found beside this bundle where left out. */
  file?: string | undefined
  limitMs?: number
}

const attempts = new Map<string, Promise<DeviceInfo>>()

/** The bundled program that tries a GPU provider; undefined where this code does not run from a bundle. */
export function probeFile(): string | undefined {
  const here = import.meta.dirname
  return [join(here, 'probe.js'), join(here, '..', 'probe.js')].find((file) => existsSync(file))
}

/**
 * Tries the GPU provider `id` in a process of its own and answers what it found; never throws. The answer is kept for this process, and for the
 * worker threads that it starts afterwards.
 */
export function probed(id: string, options: ProbeOptions = {}): Promise<DeviceInfo> {
  const known = knownDevices()[id]
  if (known) return Promise.resolve(known)
  let attempt = attempts.get(id)
  if (!attempt) {
    attempt = probe(id, options).then((info) => {
      keepDevices({ [id]: info })
      return info
    })
    attempts.set(id, attempt)
  }
  return attempt
}

/** Tries the GPU provider `id` in a process of its own, anew at every call. */
export function probe(id: string, { file = probeFile(), limitMs = LIMIT_MS }: ProbeOptions = {}): Promise<DeviceInfo> {
  const name = gpuProviders[id]?.name ?? id
  const failed = (reason: string): DeviceInfo => ({ id, name, available: false, reason })
  if (!file) return Promise.resolve(failed('not tried: the program that tries graphics drivers is not here'))
  return new Promise((resolve) => {
    const child = fork(file, [id], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    })
    let said = ''
    const finish = (info: DeviceInfo) => {
      clearTimeout(timer)
      resolve(info)
      child.kill('SIGKILL')
    }
    const timer = setTimeout(
      () => finish(failed(`its self-test did not end within ${limitMs / 1000} seconds`)),
      limitMs,
    )
    child.stderr!.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-2000)))
    child.on('message', (message) => finish(message as unknown as DeviceInfo))
    child.on('error', (error) => finish(failed(error.message)))
    child.on('close', (code, signal) => {
      // An abort ends with stack traces; what the driver said stands before them.
      const last = said
        .split('\n')
        .filter((line) => line.trim() && !/^\s*(\d+: |-----)/.test(line))
        .at(-1)
      const how = signal ? `by ${signal}` : `with code ${code}`
      finish(failed(`its driver ended the process ${how}${last ? ` (${last.slice(0, 300)})` : ''}`))
    })
  })
}
