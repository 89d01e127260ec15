import type { Handlers } from '@contract'
import type { EngineParts } from '../parts'

export function queueHandlers({ queue }: EngineParts): Pick<Handlers, 'job.move' | 'queue.pause'> {
  return {
    async 'job.move'({ job, before }) {
      await queue.move(job, before)
      return {}
    },
    async 'queue.pause'({ paused }) {
      await queue.pause(paused)
      return {}
    },
  }
}
