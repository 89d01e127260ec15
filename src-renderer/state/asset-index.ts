import type { Asset, Marks } from '@contract'

/** The assets of a project, found by what one asks for. */
export interface AssetIndex {
  byId: ReadonlyMap<string, Asset>
  /** What was made from each. */
  madeFrom: ReadonlyMap<string, readonly Asset[]>
  /** The masks of each picture by their role, the newest of each. */
  masksOf: ReadonlyMap<string, Partial<Record<Marks['role'], Asset>>>
}

const known = new WeakMap<readonly Asset[], AssetIndex>()

/** The index of a list of assets, made once for each list: a list that changes is a new list. */
export function indexOf(assets: readonly Asset[]): AssetIndex {
  const there = known.get(assets)
  if (there) return there
  const byId = new Map<string, Asset>()
  const madeFrom = new Map<string, Asset[]>()
  const masksOf = new Map<string, Partial<Record<Marks['role'], Asset>>>()
  for (const asset of assets) {
    byId.set(asset.id, asset)
    const { origin, marks } = asset
    if (origin) {
      const made = madeFrom.get(origin.source)
      if (made) made.push(asset)
      else madeFrom.set(origin.source, [asset])
    }
    if (marks) {
      const before = masksOf.get(marks.of) ?? {}
      const newer = before[marks.role]
      if (!newer || newer.createdAt <= asset.createdAt) masksOf.set(marks.of, { ...before, [marks.role]: asset })
    }
  }
  const index = { byId, madeFrom, masksOf }
  known.set(assets, index)
  return index
}
