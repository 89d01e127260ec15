import type { Handlers } from '@contract'
import type { EngineParts } from '../parts'

export function settingsHandlers({ settings, emit }: EngineParts): Pick<Handlers, 'settings.set'> {
  return {
    async 'settings.set'(patch) {
      const changed = await settings.change(patch)
      emit({ event: 'settings.changed', data: { settings: changed } })
      return changed
    },
  }
}
