import { lineKey, type Line, type Origin } from '@contract'
import { project } from './project.svelte'

/** A line while it is being moved: it is in force here, and not kept yet. */
export const moving = $state({ key: null as string | null, line: null as Line | null })

/** The line that a result was made with. */
export function madeWith({ settings }: Pick<Origin, 'settings'>): Line {
  const { threshold, minArea } = settings
  return {
    threshold: typeof threshold === 'number' ? threshold : 0.5,
    minArea: typeof minArea === 'number' ? minArea : 1,
  }
}

/** The line that a result is judged by: the one being moved, the one put by hand for its model in this project, or its own. */
export function lineOf(origin: Pick<Origin, 'pack' | 'settings'>): Line {
  const key = lineKey(origin)
  return (moving.key === key && moving.line) || project.lines[key] || madeWith(origin)
}

export const sameLine = (a: Line, b: Line) => a.threshold === b.threshold && a.minArea === b.minArea
