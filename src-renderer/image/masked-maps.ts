import { lineKey, pixelTruth, type Asset, type Origin } from '@contract'
import { indexOf } from '../state/asset-index'

/** The maps of a set of whose pixels it is known which are wrong. */
export interface MaskedMaps {
  items: readonly { map: string; mask: string | null }[]
  /** Pictures with a mask, those labelled good without one, and those labelled bad without one, which are left out. */
  marked: number
  sound: number
  unmarked: number
  /** Changes with all that a measure of them depends on. */
  key: string
}

/** Those among `assets` that were made as `origin` was: by the same model, on the same scale; the newest map of each picture. */
export function maskedMaps(assets: readonly Asset[], origin: Origin): MaskedMaps {
  const wanted = lineKey(origin)
  const newest = new Map<string, Asset>()
  for (const asset of assets) {
    const { origin: made } = asset
    if (made?.role !== 'map' || lineKey(made) !== wanted) continue
    const known = newest.get(made.source)
    if (!known || known.createdAt <= asset.createdAt) newest.set(made.source, asset)
  }
  const { byId, masksOf } = indexOf(assets)
  const items: { map: string; mask: string | null }[] = []
  let unmarked = 0
  for (const [source, { id }] of newest) {
    const label = byId.get(source)?.label
    const mask = pixelTruth(label, masksOf.get(source)?.truth?.id)
    if (mask !== undefined) items.push({ map: id, mask })
    else if (label === 'bad') unmarked++
  }
  const marked = items.filter(({ mask }) => mask !== null).length
  const ignored = assets.flatMap(({ id, marks }) => (marks?.role === 'ignore' ? [id] : []))
  const key = [...items.map(({ map, mask }) => `${map} ${mask}`), ...ignored].join('\n')
  return { items, marked, sound: items.length - marked, unmarked, key }
}
