import type { Handlers } from '@contract'
import type { EngineParts } from '../parts'

export function jobHandlers({
  queue,
  project,
}: EngineParts): Pick<Handlers, 'job.cancel' | 'job.retry' | 'job.remove'> {
  return {
    async 'job.cancel'({ job }) {
      await queue.cancel(job)
      return {}
    },
    async 'job.retry'({ job }) {
      project.assets.get(queue.get(job).source)
      return { job: await queue.retry(job) }
    },
    async 'job.remove'({ job }) {
      await queue.remove(job)
      return {}
    },
  }
}
