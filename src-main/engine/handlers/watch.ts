import type { Handlers } from '@contract'
import { NagareError } from '../../lib/errors'
import type { EngineParts } from '../parts'

export function watchHandlers({
  watches,
  refused,
}: EngineParts): Pick<Handlers, 'watch.start' | 'watch.stop' | 'refused.add' | 'refused.remove'> {
  return {
    async 'watch.start'({ folder, pack, settings }, { trusted, local = false }) {
      if (!trusted && !local)
        throw new NagareError('no-permission', 'Folders can be watched from the machine that Nagare runs on alone.', {
          hint: 'Open Nagare there, or run `nagare inspect --watch` on it.',
        })
      return { watch: await watches.start({ folder, pack, settings }) }
    },
    async 'watch.stop'({ watch }) {
      await watches.stop(watch)
      return {}
    },
    'refused.add': async ({ name, error }) => ({ refused: await refused.add(name, error) }),
    async 'refused.remove'({ refused: ids }) {
      await refused.remove(ids)
      return {}
    },
  }
}
