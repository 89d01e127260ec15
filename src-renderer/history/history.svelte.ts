/** One thing a person did that can be taken back. */
export interface Step {
  label: string
  /** The document that it changed; only where that is shown is it taken back. Left out where it shows by itself. */
  about?: string
  undo(): void | Promise<void>
  redo(): void | Promise<void>
}

const past: Step[] = $state([])
const future: Step[] = $state([])
const longest = 100

/** Place of the last step that may be taken back, or done again, while `shown` is shown. */
const lastFor = (list: Step[], shown: string | undefined) =>
  list.findLastIndex(({ about }) => about === undefined || about === shown)

export const canUndo = (shown?: string) => lastFor(past, shown) >= 0
export const canRedo = (shown?: string) => lastFor(future, shown) >= 0
export const lastStep = () => past.at(-1)

/** Notes a step that was just done; what had been undone before it is forgotten. */
export function record(step: Step) {
  past.push(step)
  if (past.length > longest) past.shift()
  future.length = 0
}

/** Forgets a step that can no longer be taken back. */
export function forget(step: Step) {
  for (const list of [past, future]) {
    const at = list.findIndex(({ undo }) => undo === step.undo)
    if (at >= 0) list.splice(at, 1)
  }
}

/** Forgets everything, as when another project is opened. */
export function clearHistory() {
  past.length = 0
  future.length = 0
}

function take(list: Step[], shown: string | undefined): Step | undefined {
  const at = lastFor(list, shown)
  return at < 0 ? undefined : list.splice(at, 1)[0]
}

let last: Promise<unknown> = Promise.resolve()

/** Does `work` once what was begun before is over: a step is only taken back from where the one after it left off. */
function inTurn(work: () => void | Promise<void>): Promise<void> {
  const mine = last.then(work)
  last = mine.catch(() => undefined)
  return mine
}

/** Does `work` for a step that is in its list already, so that the next key finds it there; where it fails, the step is forgotten. */
async function carryOut(step: Step, work: () => void | Promise<void>): Promise<Step> {
  try {
    await inTurn(work)
  } catch (thrown) {
    forget(step)
    throw thrown
  }
  return step
}

/** Does a step for the first time. It can be taken back from the moment that it is begun; where it fails, there is nothing to take back. */
export async function doStep(step: Step): Promise<void> {
  record(step)
  await carryOut(step, () => step.redo())
}

/**
 * Takes back the last step that concerns what is shown, and answers it; `older` is what was done before this window knew of it. A step that cannot be taken
 * back is forgotten.
 */
export async function undo(shown?: string, older?: Step): Promise<Step | undefined> {
  const step = take(past, shown) ?? older
  if (step) future.push(step)
  return step && carryOut(step, () => step.undo())
}

export async function redo(shown?: string, older?: Step): Promise<Step | undefined> {
  const step = take(future, shown) ?? older
  if (step) past.push(step)
  return step && carryOut(step, () => step.redo())
}
