import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startProcess, type MeasuredProcess } from './measured-process'

/** The Python that has PyTorch: the system's own, which need not be the first on the path, or that of `NAGARE_BENCH_PYTHON`. */
export function pythonCommand(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  return (
    env['NAGARE_BENCH_PYTHON'] ||
    (platform === 'linux' ? '/usr/bin/python3' : platform === 'win32' ? 'python' : 'python3')
  )
}

/** The version of PyTorch in `python`; undefined where either is missing. */
export async function torchVersion(python: string): Promise<string | undefined> {
  const program = 'import torch; print(torch.__version__)'
  const found = await promisify(execFile)(python, ['-c', program]).catch(() => undefined)
  return found?.stdout.trim()
}

/** Why there are no figures of PyTorch, and what to do. */
export const torchMissing = (python: string) =>
  `PyTorch is not compared: ${python} has none. Install it (Debian: apt install python3-torch; elsewhere: pip install torch), or name a Python that has it in NAGARE_BENCH_PYTHON.`

/**
 * How GNU OpenMP's threads wait for each other. Spinning is faster on an idle machine, and many times slower on a busy one.
 * Both are tried, so that PyTorch shows the best that it can do here.
 */
export const waitPolicies = ['active', 'passive'] as const
export type WaitPolicy = (typeof waitPolicies)[number]

/** Starts a script of `test/bench/torch`. OpenMP counts its threads when it is loaded, before PyTorch is told how many to use. */
export function startTorch(
  { root, python, threads, signal }: { root: string; python: string; threads: number; signal: AbortSignal },
  [script, ...args]: readonly string[],
  policy: WaitPolicy,
): MeasuredProcess {
  const path = join(root, 'test', 'bench', 'torch', script!)
  // The default spins for some milliseconds, then sleeps; `active` by name would spin on through our turns.
  const env = { OMP_NUM_THREADS: String(threads), ...(policy === 'passive' ? { OMP_WAIT_POLICY: policy } : {}) }
  return startProcess(python, ['-B', path, ...args], { env, signal })
}
