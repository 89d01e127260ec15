import type { EngineExit } from '@contract'
import { systemClock, type Clock } from '../lib/clock'

/** An engine process as its parent sees it; Electron's utility process and Node's child process are adapted to this. */
export interface EngineChild {
  readonly pid: number | undefined
  send(message: unknown): void
  onMessage(receive: (message: unknown) => void): void
  /** Told once when the process is gone, with what the system says of it. */
  onExit(exited: (code: number | null, signal: string | null) => void): void
  kill(): void
}

export interface SupervisorOptions<Child extends EngineChild> {
  /** Starts an engine; `lastExit` goes to its `--last-exit`. */
  fork(lastExit: EngineExit | null): Child
  /** The engine accepts wires. */
  onReady?(child: Child): void
  /** It ended unasked and starts again in `restartIn` milliseconds. */
  onDown?(exit: EngineExit, restartIn: number): void
  /** It ended too often; nothing more is tried until `start` is called again. */
  onGiveUp?(exit: EngineExit): void
  clock?: Clock
}

export interface Supervisor<Child extends EngineChild> {
  /** The engine, once it is ready and while it lives. */
  readonly ready: Child | undefined
  /** Starts the engine, or starts over after giving up; harmless while one runs. */
  start(): void
  /** Asks the engine to stop, kills it when it does not, and starts the next at once. */
  restart(): void
  /** Asks the engine to stop, kills it when it does not, and starts no other. Resolves when it is gone. */
  quit(): Promise<void>
}

const backOff = [0, 200, 1000, 5000]
/** An engine that lived this long is not in a row of deaths. */
const soundLife = 30_000
const mostDeaths = 5
/** The engine needs up to 5 s to stop a job in native code. */
const quitPatience = 7000

const plainReasons: Record<number, string> = {
  70: 'A job did not stop when asked, so the engine was restarted.',
  71: 'The engine met an error that it could not handle.',
  72: 'The project could not be opened.',
}

/** Why an engine ended, in a sentence. */
export function exitReason(code: number | null, signal: string | null): string {
  if (signal === 'SIGKILL') return 'The engine was killed, perhaps because memory ran out.'
  if (signal) return `The engine was ended by ${signal}.`
  if (code === 0) return 'The engine ended unasked.'
  return plainReasons[code ?? -1] ?? `The engine ended with code ${code ?? 'unknown'}.`
}

/** Keeps one engine process alive: restarts it when it dies, ever more slowly, and gives up aloud after 5 deaths within 30 s without a ready between. */
export function supervise<Child extends EngineChild>(options: SupervisorOptions<Child>): Supervisor<Child> {
  const { fork, onReady, onDown, onGiveUp, clock = systemClock } = options
  let child: Child | undefined
  let ready: Child | undefined
  let restarts = 0
  let deaths: number[] = []
  let cancelRestart: (() => void) | undefined
  /** Stops waiting for an engine that was asked to make room for the next. */
  let restarted: (() => void) | undefined
  let quitting: { done: Promise<void>; resolve(): void } | undefined

  const launch = (lastExit: EngineExit | null) => {
    cancelRestart = undefined
    const startedAt = clock.now()
    let reason: string | undefined
    const mine = fork(lastExit)
    child = mine
    mine.onMessage((message) => {
      const { type, reason: told } = (message ?? {}) as { type?: unknown; reason?: unknown }
      if (type === 'fatal' && typeof told === 'string') reason = told
      if (type !== 'ready' || child !== mine) return
      ready = mine
      deaths = []
      onReady?.(mine)
    })
    mine.onExit((code, signal) => {
      if (child !== mine) return
      child = ready = undefined
      if (quitting) return quitting.resolve()
      if (restarted) {
        restarted()
        restarted = undefined
        return launch(null)
      }
      const now = clock.now()
      const exit = { reason: reason ?? exitReason(code, signal), code, signal, at: new Date().toISOString() }
      if (now - startedAt >= soundLife) restarts = 0
      deaths = [...deaths, now].filter((at) => now - at <= soundLife)
      if (deaths.length >= mostDeaths) return onGiveUp?.(exit)
      const wait = backOff[Math.min(restarts++, backOff.length - 1)]!
      cancelRestart = clock.after(wait, () => launch(exit))
      onDown?.(exit, wait)
    })
  }

  /** Asks an engine to end, and kills it when it does not; answers how to stop waiting. */
  const stop = (asked: Child) => {
    const stopWaiting = clock.after(quitPatience, () => asked.kill())
    asked.send({ type: 'quit' })
    return stopWaiting
  }

  return {
    get ready() {
      return ready
    },
    start() {
      if (child || cancelRestart || quitting) return
      deaths = []
      restarts = 0
      launch(null)
    },
    restart() {
      if (child && !restarted && !quitting) restarted = stop(child)
    },
    quit() {
      if (quitting) return quitting.done
      cancelRestart?.()
      let resolve = () => {}
      const done = new Promise<void>((settle) => (resolve = settle))
      quitting = { done, resolve }
      if (!child) resolve()
      else void done.then(stop(child))
      return done
    },
  }
}
