import type { Handlers } from '@contract'
import { NagareError } from '../../lib/errors'
import type { EngineParts } from '../parts'

export function liveHandlers({
  live,
  queue,
  shelf,
  settings,
}: EngineParts): Pick<Handlers, 'live.open' | 'live.voices' | 'live.close'> {
  return {
    async 'live.open'({ pack, ...given }, { signal }) {
      const entry = shelf.list().find(({ record }) => record.id === pack)
      if (!entry) throw new NagareError('not-found', `There is no model ${pack}.`, { hint: 'Choose another.' })
      const busy = queue.list().find(({ state }) => state === 'running' || state === 'cancelling')
      if (busy)
        throw new NagareError('conflict', `${busy.label} is running and needs the whole machine.`, {
          hint: 'Wait until it is done, or stop it; then speak.',
        })
      return live.open({ pack: entry.path, device: settings.get().device, ...given }, signal)
    },
    async 'live.voices'({ session, from, to }) {
      await live.voices(session, { from, to })
      return {}
    },
    async 'live.close'({ session }) {
      await live.close(session)
      return {}
    },
  }
}
