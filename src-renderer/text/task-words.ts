import type { ErrorRecord, Job, Task } from '@contract'
import { fieldsOf, type Field } from '../enhance/schema'
import type { TaskWords } from './en'
import { text } from './text.svelte'

/** The words of a task; of one that has none of its own its `label`, and what holds for all. */
export const taskWords = (id: string | undefined, label = id ?? ''): TaskWords =>
  (id === undefined ? undefined : text.tasks[id]) ?? { verb: label, ...text.anyTask }

/** What a task does. */
export const taskAbout = ({ id, description }: Task): string => text.vocabulary.tasks[id]?.description ?? description

/** What a job does, by its task's name. */
export const jobLabel = ({ task, label }: Pick<Job, 'task' | 'label'>): string =>
  text.vocabulary.tasks[task]?.label ?? label

/** What a running job is at. */
export const phaseWords = (phase: string): string => text.vocabulary.phases[phase] ?? phase

/** The controls of a task's settings, in the words of the window's language. */
export const taskFields = ({ id, settings }: Task): Field[] =>
  fieldsOf(settings).map((field) => {
    const words = text.vocabulary.tasks[id]?.settings[field.name]
    return words ? { ...field, title: words.title, description: words.description, names: words.choices } : field
  })

/** An error in the window's language: what is the matter, then what the engine says of it, then what to do. */
export function errorWords({ code, message, hint }: ErrorRecord): { text: string; detail?: string; hint?: string } {
  // What the window says itself is in its language already; the engine's sentences end in Latin script.
  const matter = /[!-~]$/.test(message) ? text.vocabulary.errors[code] : undefined
  return { text: matter ?? message, ...(matter ? { detail: message } : {}), ...(hint ? { hint } : {}) }
}
