import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A worker thread that is terminated while ONNX Runtime computes takes the whole process down (its binding cannot hand its result to a dying thread).
 * The gate is a shared word that says whether a call is under way: the thread that terminates waits for the call to end and lets no other begin.
 */
const RUNNING = 1
const CLOSED = 2

/** A new gate, to be passed to the worker in its `workerData`. */
export function createRunGate(): SharedArrayBuffer {
  return new SharedArrayBuffer(4)
}

let gate: Int32Array | undefined

/** In the worker, before any device is opened: makes every call of a device pass through `buffer`'s gate. */
export function useRunGate(buffer: SharedArrayBuffer): void {
  gate = new Int32Array(buffer)
}

let depth = 0

/** Runs `call` behind this thread's gate, if it has one; once the gate is closed the thread stops here for good. */
export async function throughGate<T>(call: () => Promise<T>): Promise<T> {
  if (!gate) return call()
  if (depth === 0) while (Atomics.compareExchange(gate, 0, 0, RUNNING) === CLOSED) Atomics.wait(gate, 0, CLOSED)
  depth++
  try {
    return await call()
  } finally {
    depth--
    if (depth === 0) Atomics.and(gate, 0, ~RUNNING)
  }
}

/** Terminates `worker` as soon as no device call is under way in it; resolves with its exit code. */
export async function terminateBehindGate(
  worker: { terminate(): Promise<number> },
  buffer: SharedArrayBuffer,
): Promise<number> {
  const word = new Int32Array(buffer)
  Atomics.or(word, 0, CLOSED)
  while (Atomics.load(word, 0) & RUNNING) await sleep(2)
  return worker.terminate()
}
