import type { Handlers } from '@contract'
import type { EngineParts } from '../parts'

export function recordHandlers({
  recordings,
}: EngineParts): Pick<Handlers, 'record.start' | 'record.finish' | 'record.discard'> {
  return {
    async 'record.start'(given) {
      const { id } = await recordings.begin(given)
      return { recording: id, url: `/recordings/${id}` }
    },
    'record.finish': async ({ recording }) => ({ asset: await recordings.finish(recording) }),
    async 'record.discard'({ recording }) {
      await recordings.discard(recording)
      return {}
    },
  }
}
