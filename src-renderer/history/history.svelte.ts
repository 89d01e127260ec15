/** One thing a person did that can be taken back. */
export interface Step {
  label: string
  undo(): void | Promise<void>
  redo(): void | Promise<void>
}

const past: Step[] = $state([])
const future: Step[] = $state([])
const longest = 100

export const canUndo = () => past.length > 0
export const canRedo = () => future.length > 0
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

/** Takes back the last step and answers it. */
export async function undo(): Promise<Step | undefined> {
  const step = past.pop()
  if (!step) return
  future.push(step)
  await step.undo()
  return step
}

export async function redo(): Promise<Step | undefined> {
  const step = future.pop()
  if (!step) return
  past.push(step)
  await step.redo()
  return step
}
