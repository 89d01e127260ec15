import type { Handlers } from '@contract'
import { NagareError } from '../../lib/errors'
import type { EngineParts } from '../parts'

export function markerHandlers({ project }: EngineParts): Pick<Handlers, 'asset.mark'> {
  return {
    async 'asset.mark'({ asset: id, markers }) {
      const asset = project.assets.get(id)
      if (!asset.audio)
        throw new NagareError('unsupported', `${asset.name}: expected sound to mark, this is a ${asset.kind} asset.`, {
          file: asset.name,
        })
      const end = asset.audio.frames / asset.audio.sampleRate
      const late = markers.find(({ time }) => time > end)
      if (late)
        throw new NagareError(
          'bad-input',
          `${asset.name}: expected markers up to ${end} s, found one at ${late.time} s.`,
        )
      if (new Set(markers.map((marker) => marker.id)).size < markers.length)
        throw new NagareError('bad-input', `${asset.name}: expected each marker to have an id of its own.`)
      const sorted = [...markers].sort((a, b) => a.time - b.time)
      await project.assets.put({ ...project.assets.get(id), markers: sorted })
      return {}
    },
  }
}
