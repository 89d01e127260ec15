import type { Handlers } from '@contract'
import { NagareError } from '../../lib/errors'
import type { EngineParts } from '../parts'

/** Milliseconds in which the answer reaches the window before this engine ends. */
const answerTime = 50

export function projectHandlers({
  projects,
  switchTo,
}: EngineParts): Pick<Handlers, 'project.list' | 'project.open' | 'project.create'> {
  const go = (folder: string) => {
    if (!switchTo)
      throw new NagareError('unavailable', 'This engine keeps the project that it was started with.', {
        hint: 'Start Nagare with --project.',
      })
    setTimeout(() => switchTo(folder), answerTime)
    return {}
  }
  return {
    'project.list': async () => ({ projects: await projects.list(), folder: projects.folder }),
    'project.open': async ({ folder }, { trusted }) => go(await projects.find(folder, trusted)),
    'project.create': async ({ name }) => go(await projects.make(name)),
  }
}
