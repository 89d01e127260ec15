import { NagareError } from '../lib/errors'
import { enhance } from './enhance'
import type { TaskDefinition } from './task'

/** Every job that a person can ask for, in the order the window shows them. */
export const tasks: readonly TaskDefinition[] = [enhance as unknown as TaskDefinition]

/** The task named `id`; throws `not-found`. */
export function taskNamed(id: string): TaskDefinition {
  const found = tasks.find((task) => task.id === id)
  if (found) return found
  throw new NagareError('not-found', `There is no task ${id}; there is: ${tasks.map((task) => task.id).join(', ')}.`)
}
