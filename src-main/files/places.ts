import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** Where things lie on this machine: what a person made under `home`, what Nagare brings under `root`. */
export interface Places {
  /** Nagare's own folder: `NAGARE_HOME`, else `Nagare` in the system's folder for application data. */
  home: string
  /** The project opened when none is named. */
  project: string
  /** The project opened where `project` cannot be; none if left out. */
  otherwise?: string
  settings: string
  userPacks: string
  /** The app itself: the checkout, the installed package, or `app.asar`. */
  root: string
  resources: string
  starterPacks: string
  renderer: string
  engine: string
  preload: string
}

/** The system's folder for application data: `%APPDATA%`, `~/Library/Application Support`, `$XDG_DATA_HOME` or `~/.local/share`. */
function dataFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'win32') return env.APPDATA || join(homedir(), 'AppData', 'Roaming')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support')
  return env.XDG_DATA_HOME || join(homedir(), '.local', 'share')
}

/** The nearest folder above `from` that holds a package.json. */
function appRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from
  const above = dirname(from)
  if (above === from) throw new Error(`No package.json above ${import.meta.dirname}: the installation is incomplete.`)
  return appRoot(above)
}

/** The places of this process. Packaged, `resources` lies beside `app.asar`, since a person's tools must be able to read it. */
export function places(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  root: string = appRoot(import.meta.dirname),
): Places {
  const home = env.NAGARE_HOME || join(dataFolder(env, platform), 'Nagare')
  const resources = join(root.endsWith('.asar') ? dirname(root) : root, 'resources')
  return {
    home,
    project: join(home, 'projects', 'Untitled'),
    settings: join(home, 'settings.json'),
    userPacks: join(home, 'packs'),
    root,
    resources,
    starterPacks: join(resources, 'packs'),
    renderer: join(root, 'out', 'renderer'),
    engine: join(root, 'out', 'main', 'engine.js'),
    preload: join(root, 'out', 'preload', 'preload.cjs'),
  }
}

/** The engine's command line: its project, where packs may lie, and how the engine before it ended. */
export function engineArguments(where: Places, lastExit?: unknown): string[] {
  return [
    ...['--project', where.project],
    ...['--packs', where.starterPacks, '--packs', where.userPacks],
    ...['--resources', where.resources],
    ...['--settings', where.settings],
    ...(lastExit ? ['--last-exit', JSON.stringify(lastExit)] : []),
  ]
}
