import { app, MessageChannelMain, utilityProcess, type MessagePortMain } from 'electron'
import { liveLine } from '../engine/live/line'
import { tileLine } from '../engine/tiles/line'
import { projectSwitch } from '../engine/project-switch'
import { supervise, type EngineChild, type Supervisor } from '../engine/supervisor'
import { engineArguments, type LiveLine, type Places, type TileLine } from '../files'

const serviceName = 'Nagare engine'

interface UtilityEngine extends EngineChild {
  /** Opens a line to the engine and returns its other end. */
  openPort(): MessagePortMain
  live: LiveLine
  tiles: TileLine
}

export type DesktopEngine = Supervisor<UtilityEngine>

/** What the system said of the engine's end, as a code and signal; it tells it in an event of its own, which may come after `exit`. */
function watchDeath(): (code: number, exited: (code: number | null, signal: string | null) => void) => void {
  let reason: string | undefined
  app.on('child-process-gone', (_event, details) => {
    if (details.name === serviceName || details.serviceName === serviceName) reason = details.reason
  })
  const signals: Record<string, string> = { killed: 'SIGKILL', oom: 'SIGKILL', crashed: 'SIGSEGV' }
  return (code, exited) =>
    setImmediate(() => {
      const signal = signals[reason ?? '']
      reason = undefined
      if (signal) exited(null, signal)
      else exited(code, null)
    })
}

/** Forks the engine as a utility process and keeps it running; what it prints goes to stderr. */
export function startEngine(where: Places, told: { ready(): void; gaveUp(reason: string): void }): DesktopEngine {
  const onDeath = watchDeath()
  const projects = projectSwitch(where)
  const fork = (lastExit: unknown): UtilityEngine => {
    const child = utilityProcess.fork(where.engine, engineArguments(where, lastExit), { serviceName, stdio: 'pipe' })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => process.stderr.write(data))
    const listeners = new Set<Parameters<EngineChild['onExit']>[0]>()
    // What the system says of the end is told once.
    child.on('exit', (code) => onDeath(code, (...end) => listeners.forEach((exited) => exited(...end))))
    const engine: EngineChild = {
      get pid() {
        return child.pid
      },
      send: (message) => child.postMessage(message),
      onMessage: (receive) => child.on('message', receive),
      onExit: (exited) => void listeners.add(exited),
      kill: () => child.kill(),
    }
    engine.onMessage((message) => projects.asked(message) && supervisor.restart())
    return {
      ...engine,
      get pid() {
        return child.pid
      },
      live: liveLine(engine),
      tiles: tileLine(engine),
      openPort() {
        const { port1, port2 } = new MessageChannelMain()
        child.postMessage({ type: 'port', trusted: true }, [port1])
        return port2
      },
    }
  }
  const supervisor = supervise({
    fork,
    onReady(child) {
      process.stderr.write(`nagare: engine ${child.pid} is running\n`)
      projects.ready()
      told.ready()
    },
    onDown({ reason, code }) {
      projects.ended(code)
      process.stderr.write(`nagare: engine: ${reason}\n`)
    },
    onGiveUp: ({ reason }) => told.gaveUp(reason),
  })
  supervisor.start()
  return supervisor
}
