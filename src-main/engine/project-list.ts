import type { KnownProject } from '@contract'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../lib/atomic-file'
import { asNagareError, NagareError } from '../lib/errors'
import type { Log } from '../lib/log'
import { safeFileName } from '../lib/safe-file-name'
import { checkProject, projectName } from '../project'

const Recent = z.object({ recent: z.array(z.object({ folder: z.string(), openedAt: z.iso.datetime() })) })
type Recent = z.infer<typeof Recent>['recent']

/** So many are remembered. */
const most = 20

export interface ProjectList {
  /** Folder in which new projects are made. */
  readonly folder: string
  /** The projects opened lately and those in `folder`, the latest opened first. */
  list(): Promise<KnownProject[]>
  /** The folder of a project that may be opened next: any for a trusted window, else one of `list`. Throws `no-permission`, `not-found`, `conflict`, `corrupt`, `unsupported`. */
  find(folder: string, trusted: boolean): Promise<string>
  /** The folder of a project to be made by this name. Throws `conflict` where one is there, `bad-input`. */
  make(name: string): Promise<string>
}

export interface ProjectListOptions {
  /** Nagare's own folder: `projects.json` and `projects/` lie in it. */
  home: string
  /** The project that is open. */
  current: string
  log: Log
}

/** Opens the list of known projects and notes that `current` was opened now. */
export async function openProjectList({ home, current, log }: ProjectListOptions): Promise<ProjectList> {
  const file = join(home, 'projects.json')
  const folder = join(home, 'projects')
  const others = (await readRecent(file)).filter((each) => each.folder !== current)
  const recent = [{ folder: current, openedAt: new Date().toISOString() }, ...others].slice(0, most)
  await writeFileAtomic(file, JSON.stringify({ recent }, null, 2)).catch((thrown: unknown) =>
    log.warn('projects-not-noted', { error: thrown }),
  )

  const list = async () => {
    const inside = await readdir(folder, { withFileTypes: true }).catch(() => [])
    const own = inside.filter((each) => each.isDirectory()).map((each) => join(folder, each.name))
    const opened = new Map(recent.map((each) => [each.folder, each.openedAt]))
    const known: KnownProject[] = []
    for (const path of new Set([...opened.keys(), ...(await Promise.all(own.map(real)))])) {
      const name = await projectName(path)
      if (name !== undefined)
        known.push({ folder: path, name, openedAt: opened.get(path) ?? null, current: path === current })
    }
    return known.sort((a, b) => (b.openedAt ?? '').localeCompare(a.openedAt ?? '') || a.name.localeCompare(b.name))
  }

  return {
    folder,
    list,
    async find(wanted, trusted) {
      if (!isAbsolute(wanted)) throw new NagareError('bad-input', `${wanted}: expected a full path.`, { file: wanted })
      const path = await real(wanted)
      if (!trusted && !(await list()).some((each) => each.folder === path))
        throw new NagareError('no-permission', 'This window may open only the projects that it lists.', {
          hint: 'Start Nagare with --project to open another folder.',
        })
      await checkProject(path)
      return path
    },
    async make(name) {
      const path = join(folder, safeFileName(name.trim()))
      const there = await stat(path).catch((thrown: NodeJS.ErrnoException) => {
        if (thrown.code === 'ENOENT') return undefined
        throw asNagareError(thrown, path)
      })
      if (there)
        throw new NagareError('conflict', `There is something called ${name.trim()} already.`, {
          ...{ hint: 'Choose another name.', file: path },
        })
      return path
    },
  }
}

/** A folder without links in its path; as it was given where it is not there. */
const real = (path: string) => realpath(path).catch(() => path)

async function readRecent(file: string): Promise<Recent> {
  try {
    return Recent.parse(JSON.parse(await readFile(file, 'utf8'))).recent
  } catch {
    return []
  }
}
