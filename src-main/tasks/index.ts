import { convert } from './convert'
import { enhance } from './enhance'
import { inspect } from './inspect'
import type { TaskDefinition } from './task'
import { vocode } from './vocode'

/** Every job that a person can ask for, in the order the window shows them. */
export const tasks: readonly TaskDefinition[] = [
  enhance as unknown as TaskDefinition,
  convert as unknown as TaskDefinition,
  vocode as unknown as TaskDefinition,
  inspect as unknown as TaskDefinition,
]
