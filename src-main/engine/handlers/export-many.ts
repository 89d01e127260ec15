import type { Handlers } from '@contract'
import { exportMany } from '../../project'
import type { EngineParts } from '../parts'

export function exportManyHandlers({ project }: EngineParts): Pick<Handlers, 'asset.exportMany'> {
  return {
    'asset.exportMany': ({ assets, format, pattern }, { signal }) =>
      exportMany(project, assets, { format, pattern, signal }),
  }
}
