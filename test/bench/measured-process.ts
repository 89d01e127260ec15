import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { NagareError } from '../../src-main/lib/errors'
import type { Reply, Request } from './messages'

/** A process that computes when told to. */
export interface MeasuredProcess {
  ask<R extends Request>(request: R): Promise<Reply<R>>
  /** Closes its input and waits until it is gone. */
  end(): Promise<void>
}

/** Starts `command` as a measured process; `signal` ends it at once. `ask` throws `unavailable` where it fails or dies, with what it said. */
export function startProcess(
  command: string,
  args: readonly string[],
  { env = {}, signal }: { env?: Record<string, string>; signal: AbortSignal },
): MeasuredProcess {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-2000)))
  child.stdin.on('error', () => {})
  const gone = new Promise<string>((resolve) => {
    child.on('error', ({ message }) => resolve(message))
    child.on('close', (code, by) => resolve(`it ended with ${by ?? `code ${code}`}. ${complaint.trim()}`))
  }).finally(() => signal.removeEventListener('abort', kill))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const name = [command, ...args].join(' ')
  const failed = (why: string) =>
    signal.aborted
      ? new NagareError('cancelled', 'Stopped.')
      : new NagareError('unavailable', `The measured process \`${name}\` failed: ${why}`)

  return {
    async ask<R extends Request>(request: R) {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      const line = await lines.next()
      if (line.done) throw failed(await gone)
      const reply = JSON.parse(line.value) as Reply<R> | { error: string }
      if ('error' in reply) throw failed(reply.error)
      return reply
    },
    async end() {
      child.stdin.end()
      await gone
    },
  }
}
