import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Places } from './places'

const Recent = z.object({ recent: z.array(z.object({ folder: z.string() })).min(1) })

/** The project that was open last, as `projects.json` in `home` tells; undefined where it is gone or none is told. */
export function lastProject(home: string): string | undefined {
  try {
    const { recent } = Recent.parse(JSON.parse(readFileSync(join(home, 'projects.json'), 'utf8')))
    const { folder } = recent[0]!
    return existsSync(join(folder, 'project.json')) ? folder : undefined
  } catch {
    return undefined
  }
}

/** The places with the project to open: the one named, else the one that was open last, or Nagare's own where that cannot be opened any more. */
export const withProject = (own: Places, named?: string): Places =>
  named ? { ...own, project: named } : { ...own, project: lastProject(own.home) ?? own.project, otherwise: own.project }
