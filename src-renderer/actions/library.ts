import type { Asset } from '@contract'
import { doStep, forget, record, type Step } from '../history/history.svelte'
import { dismiss, tell, tellError } from '../state/notices.svelte'
import { indexOf } from '../state/asset-index'
import { assetOf, leaving, project } from '../state/project.svelte'
import { select, sources, takesOf, type Take } from '../state/selection.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'
import { undoLast } from './undo'

const undoMilliseconds = 10_000
const pending = new Map<string, () => Promise<void>>()

/** Takes a source with its results, or one result with what its run made beside it, out of sight, and out of the project once undo has run out. */
export function removeAsset(asset: Asset, alongWith: Asset[] = [], named?: string) {
  const all = [...alongWith, asset]
  const ids = all.map(({ id }) => id)
  let timer: ReturnType<typeof setTimeout>
  let notice: number | undefined
  const results = asset.origin ? 0 : new Set(alongWith.flatMap(({ origin }) => origin?.job ?? [])).size
  const title = named ?? (results ? text.asset.removedMany(asset.name, results) : text.asset.removed(asset.name))

  const commit = async () => {
    clearTimeout(timer)
    pending.delete(asset.id)
    forget(step)
    for (const { id, name } of all)
      await call('asset.remove', { asset: id }).catch((error: unknown) =>
        tellError(text.asset.removeFailed(name), error),
      )
    leaving.ids = leaving.ids.filter((id) => !ids.includes(id))
  }
  const step: Step = {
    label: title,
    undo() {
      clearTimeout(timer)
      pending.delete(asset.id)
      if (notice !== undefined) dismiss(notice)
      leaving.ids = leaving.ids.filter((id) => !ids.includes(id))
      const { origin } = asset
      if (origin && assetOf(origin.source)) select(origin.source, origin.job)
      else select(asset.id)
    },
    redo() {
      leaving.ids = [...leaving.ids, ...ids]
      notice = tell({ kind: 'info', title, action: { label: text.ui.undo, run: undoLast } }, undoMilliseconds)
      timer = setTimeout(() => void commit(), undoMilliseconds)
      pending.set(asset.id, commit)
    },
  }
  void step.redo()
  record(step)
}

/** Removes a source and everything made from it. */
export const removeSource = (asset: Asset) =>
  removeAsset(asset, [
    ...takesOf(asset.id).flatMap(({ outputs }) => outputs),
    ...Object.values(indexOf(project.assets).masksOf.get(asset.id) ?? {}),
  ])

/** Carries out removals that still could be undone; for when the window or the project closes. */
export const commitRemovals = () => Promise.all([...pending.values()].map((commit) => commit()))

export async function renameAsset(asset: Asset, name: string) {
  const before = asset.name
  const after = name.trim()
  if (!after || after === before) return
  const rename = (to: string) => call('asset.rename', { asset: asset.id, name: to }).then(() => undefined)
  try {
    await doStep({ label: text.asset.renamed(after), undo: () => rename(before), redo: () => rename(after) })
  } catch (error) {
    tellError(text.asset.renameFailed, error)
  }
}

/** Removes a result and what its run made beside it. */
export const removeTake = ({ result, outputs }: Take) =>
  removeAsset(
    result,
    outputs.filter((asset) => asset !== result),
  )

/** Selects the source `by` places further down the library. */
export function step(selected: string | null, by: number) {
  const list = sources()
  const next = list[Math.min(list.length - 1, Math.max(0, list.findIndex(({ id }) => id === selected) + by))]
  if (next) select(next.id)
}
