import { EngineExit, type Device } from '@contract'
import { dirname, isAbsolute, join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { workerRunner } from '../jobs'
import { asNagareError } from '../lib/errors'
import { openLog } from '../lib/log'
import { appVersion } from '../lib/version'
import type { PackFolder } from '../packs'
import type { TaskDefinition } from '../tasks/task'
import { wireAcceptor } from './accept-wire'
import { openEngine } from './engine'
import { liveAnswerer } from './live/line'
import { openShelf, type PackShelf } from './pack-shelf'
import { exitCodes } from './exit-codes'
import { openProjectMessage } from './project-switch'
import { findParent } from './parent'
import { tileAnswerer } from './tiles/line'

export interface EngineProcessOptions {
  tasks: readonly TaskDefinition[]
  /** Runs a job; see `jobs/worker.ts`. */
  workerFile: URL
  /** Converts live sound; see `live/worker.ts`. */
  liveFile?: URL
  listDevices(): Promise<Device[]>
  /** In place of the packs in `--packs`. */
  shelf?: PackShelf
}

/** The engine's own command line, as `engineArguments` writes it: each folder of packs is a `--packs` of its own. */
export function readArguments(words: string[]) {
  const { values } = parseArgs({
    args: words,
    options: {
      project: { type: 'string' },
      packs: { type: 'string', multiple: true, default: [] },
      resources: { type: 'string', default: '' },
      settings: { type: 'string' },
      'last-exit': { type: 'string' },
    },
  })
  const { project, settings, resources, packs } = values
  if (!project || !settings) throw new Error('The engine needs --project DIR and --settings FILE.')
  const isStarter = (folder: string) => {
    const below = relative(resources, folder)
    // On another drive of Windows the way there is no relative one.
    return resources !== '' && !isAbsolute(below) && !below.startsWith('..')
  }
  return {
    project,
    settings,
    resources,
    packs: packs
      .filter(Boolean)
      .map((folder): PackFolder => ({ folder, origin: isStarter(folder) ? 'starter' : 'user' })),
    lastExit: values['last-exit'] ? EngineExit.parse(JSON.parse(values['last-exit'])) : null,
  }
}

/** Runs this process as an engine: opens the project, takes wires from the parent, ends when the parent asks or is gone. */
export async function runEngineProcess({
  tasks,
  workerFile,
  liveFile,
  listDevices,
  shelf,
}: EngineProcessOptions): Promise<void> {
  const parent = findParent()
  const { project, settings, resources, packs, lastExit } = readArguments(process.argv.slice(2))
  const version = appVersion()
  const log = openLog(join(dirname(settings), 'logs', 'engine.jsonl'))

  let isEnding = false
  const die = (code: number, reason: string, thrown?: unknown) => {
    if (isEnding && code !== exitCodes.stuck) return
    isEnding = true
    log.error('engine-dies', { code, reason, ...(thrown ? { error: thrown } : {}) })
    void parent?.send({ type: 'fatal', reason })
    setTimeout(() => process.exit(code), 50)
  }
  const crash = (thrown: unknown) =>
    die(exitCodes.uncaught, `The engine met an error: ${asNagareError(thrown).message}`, thrown)
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
  // Ctrl+C in a terminal reaches every process of the group; the parent decides.
  process.on('SIGINT', () => {})

  const run = workerRunner({
    file: workerFile,
    onStuck: () => die(exitCodes.stuck, 'A job did not stop when asked, so the engine was restarted.'),
  })
  try {
    const engine = await openEngine({
      ...{ folder: project, settingsFile: settings, resources, tasks, run, listDevices, version, lastExit, log },
      shelf: shelf ?? (await openShelf(packs, log)),
      ...(liveFile ? { liveFile } : {}),
      ...(parent ? { switchTo: (folder: string) => void parent.send(openProjectMessage(folder)) } : {}),
    })
    const quit = () => {
      if (isEnding) return
      isEnding = true
      engine.close().then(
        () => process.exit(0),
        (thrown: unknown) => {
          log.error('engine-close', { error: thrown })
          process.exit(exitCodes.uncaught)
        },
      )
    }
    const accept = wireAcceptor((wire, trusted, local) => engine.serve(wire, trusted, local))
    const answerLive = parent && liveAnswerer(engine.live, parent)
    const answerTile = parent && tileAnswerer(engine.tiles, parent)
    parent?.onMessage((message, handle) => {
      if (!isEnding && (accept(message, handle) || answerLive?.(message) || answerTile?.(message))) return
      if ((message as { type?: unknown } | null)?.type === 'quit') quit()
    })
    parent?.onGone(quit)
    process.on('SIGTERM', quit)
    log.info('engine-ready', { pid: process.pid, version })
    await parent?.send({ type: 'ready' })
  } catch (thrown) {
    die(exitCodes.unopened, asNagareError(thrown).message, thrown)
  }
}
