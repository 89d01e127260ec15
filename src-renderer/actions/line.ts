import { lineKey, type Line, type Origin } from '@contract'
import { doStep } from '../history/history.svelte'
import { lineOf, madeWith, moving, sameLine } from '../state/line.svelte'
import { tellError } from '../state/notices.svelte'
import { project } from '../state/project.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'

let turn = 0

/** Puts a line in force here, over what the engine last said; answers how it ends, unless another was put in force since. */
function force(key: string, line: Line): () => void {
  const mine = ++turn
  moving.key = key
  moving.line = line
  return () => {
    if (mine === turn) moving.key = moving.line = null
  }
}

/** Moves the line of a result's model for the time being, as while a slider is dragged. */
export function dragLine(origin: Origin, change: Partial<Line>) {
  force(lineKey(origin), { ...lineOf(origin), ...change })
}

/** Has the engine keep a line, or forget it, which gives the result its own back. `shown` is in force until it has: news of an earlier line may still be on its way. */
async function keep(key: string, line: Line | null, shown: Line) {
  const before = project.lines
  const { [key]: _, ...others } = before
  project.lines = line ? { ...others, [key]: line } : others
  const release = force(key, shown)
  try {
    await call('inspect.line', { model: key, line })
  } catch (error) {
    project.lines = before
    throw error
  } finally {
    release()
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
    const own = madeWith(origin)
    force(key, after ?? own)
    const to = (line: Line | null) => keep(key, line, line ?? own)
    await doStep({ label: text.threshold.moved, undo: () => to(before), redo: () => to(after) })
  } catch (error) {
    tellError(text.threshold.failed, error)
  }
}
