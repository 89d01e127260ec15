import type { TaskWords } from './en'
import { text } from './text.svelte'

/** The words of a task; of one that has none of its own its `label`, and what holds for all. */
export const taskWords = (id: string | undefined, label = id ?? ''): TaskWords =>
  (id === undefined ? undefined : text.tasks[id]) ?? { verb: label, ...en.anyTask }
