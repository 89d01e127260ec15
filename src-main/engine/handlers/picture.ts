import type { Handlers } from '@contract'
import { NagareError } from '../../lib/errors'
import { openPack } from '../../packs'
import { heldScores } from '../../models/anomaly/held-scores'
import { detectorSpec } from '../../models/detectors'
import { drawFinds, isMap, mapRegions } from '../../project'
import type { EngineParts } from '../parts'

export function pictureHandlers({
  project,
  shelf,
  lines,
  emit,
}: EngineParts): Pick<
  Handlers,
  'picture.pixel' | 'picture.regions' | 'picture.draw' | 'inspect.held' | 'inspect.line'
> {
  const { assets, tiles } = project
  return {
    'picture.pixel': async ({ assets: asked, x, y }) => ({
      values: await Promise.all(asked.map((id) => tiles.pixel(id, x, y).catch(() => null))),
    }),
    async 'picture.regions'({ map, ...line }, { signal }) {
      if (!isMap(assets.get(map))) throw new NagareError('bad-input', `${assets.get(map).name} is no map.`)
      const { specks, ...found } = await tiles.withPyramid(map, (pyramid) => mapRegions(pyramid, line, signal))
      return { ...found, specks: specks && Buffer.from(specks.buffer).toString('base64') }
    },
    'picture.draw': (options, { signal }) => drawFinds(project, options, signal),
    async 'inspect.held'({ result }) {
      const { origin, name } = assets.get(result)
      if (!origin) throw new NagareError('bad-input', `${name} is no result of an inspection.`)
      const entry = shelf.list().find(({ record }) => record.sha256 === origin.pack.sha256)
      if (!entry)
        throw new NagareError('not-found', `The model ${origin.pack.name} is not there any more.`, {
          hint: 'Add it again.',
        })
      const pack = await openPack(entry.path)
      return { scores: await heldScores(detectorSpec(pack.manifest.kind), pack, origin.settings) }
    },
    async 'inspect.line'({ model, line }) {
      emit({ event: 'lines.changed', data: { lines: await lines.set(model, line) } })
      return {}
    },
  }
}
