import type { Handlers } from '@contract'
import { NagareError } from '../../lib/errors'
import { exportAsset } from '../../project'
import type { EngineParts } from '../parts'
import { takeSource } from '../take-source'

export function assetHandlers(
  parts: EngineParts,
): Pick<Handlers, 'asset.add' | 'asset.rename' | 'asset.remove' | 'asset.export'> {
  const { project, queue } = parts
  return {
    'asset.add': async ({ source }, context) => ({ asset: (await takeSource(parts, source, context)).asset }),
    async 'asset.rename'({ asset, name }) {
      await project.assets.rename(asset, name)
      return {}
    },
    async 'asset.remove'({ asset }) {
      const isNeeded = queue
        .list()
        .some(
          ({ source, sources = [source], state }) =>
            sources.includes(asset) && !['done', 'failed', 'cancelled'].includes(state),
        )
      if (isNeeded)
        throw new NagareError('conflict', `${project.assets.get(asset).name} is being worked on.`, {
          hint: 'Cancel the job first.',
        })
      await project.edits.remove(asset)
      return {}
    },
    'asset.export': ({ asset, format, range }, { signal }) => exportAsset(project, asset, format, signal, range),
  }
}
