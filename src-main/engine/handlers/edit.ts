import type { Handlers } from '@contract'
import type { EngineParts } from '../parts'
import { resolveEdit } from '../resolve-edit'

export function editHandlers({
  project: { edits },
}: EngineParts): Pick<Handlers, 'edit.apply' | 'edit.undo' | 'edit.redo'> {
  return {
    async 'edit.apply'({ asset, edit: request }, { signal }) {
      const { kind, edit } = await resolveEdit(edits, asset, request, signal)
      return { asset: await edits.apply(asset, kind, edit) }
    },
    'edit.undo': async ({ asset }) => ({ asset: await edits.undo(asset) }),
    'edit.redo': async ({ asset }) => ({ asset: await edits.redo(asset) }),
  }
}
