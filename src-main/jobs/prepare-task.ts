import { openDevice } from '../compute'
import type { TaskDefinition } from '../tasks/task'
import type { JobPlan } from './worker-messages'

/** Loads what a job as `plan` has it needs, ahead of the job; never throws: the job says what is wrong. */
export async function prepareTask(
  tasks: readonly TaskDefinition[],
  { task: id, ...plan }: JobPlan,
  { open = openDevice }: { open?: (id: string) => Promise<{ id: string }> } = {},
): Promise<void> {
  const task = tasks.find((task) => task.id === id)
  if (!task?.prepare) return
  try {
    const { id: device } = await open(plan.device)
    await task.prepare({ ...plan, device })
  } catch {
    // Nothing was prepared.
  }
}
