import { lineKey, type Line, type Origin } from '@contract'
import { doStep } from '../history/history.svelte'
import { lineOf, madeWith, moving, sameLine } from '../state/line.svelte'
import { tellError } from '../state/notices.svelte'
import { project } from '../state/project.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'

/** Moves the line of a result's model for the time being, as while a slider is dragged. */
export function dragLine(origin: Origin, change: Partial<Line>) {
  const line = { ...lineOf(origin), ...change }
  moving.key = lineKey(origin)
  moving.line = line
}

async function keep(key: string, line: Line | null) {
  const before = project.lines
  const { [key]: _, ...others } = before
  project.lines = line ? { ...others, [key]: line } : others
  if (moving.key === key) moving.key = moving.line = null
  try {
    await call('inspect.line', { model: key, line })
  } catch (error) {
    project.lines = before
    throw error
  }
}

/** Puts the line of a result's model, or gives it back to the model; one step that can be taken back. */
export async function putLine(origin: Origin, change: Partial<Line> | null) {
  const key = lineKey(origin)
  const before = project.lines[key] ?? null
  const next = change && { ...lineOf(origin), ...change }
  const after = next && sameLine(next, madeWith(origin)) ? null : next
  if ((before && after && sameLine(before, after)) || before === after) {
    moving.key = moving.line = null
    return
  }
  try {
    // In force at once, whatever else is still being kept.
    if (next) [moving.key, moving.line] = [key, next]
    await doStep({ label: text.threshold.moved, undo: () => keep(key, before), redo: () => keep(key, after) })
  } catch (error) {
    tellError(text.threshold.failed, error)
  }
}
