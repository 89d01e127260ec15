import type { Label } from '@contract'
import { doStep } from '../history/history.svelte'
import { cursorAt, gallery, meant, moveBy, moveTo, toggle } from '../state/gallery.svelte'
import type { Item } from '../gallery/items'
import { say } from '../state/live.svelte'
import { tell, tellError } from '../state/notices.svelte'
import { openDialog } from '../state/panels.svelte'
import { assetOf } from '../state/project.svelte'
import { indexOf } from '../state/asset-index'
import { project } from '../state/project.svelte'
import { select, selectedSource, takesOf } from '../state/selection.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'
import type { Action } from './action'
import { inspectMany, inspectPack, openFolder } from './folders'
import { removeAsset } from './library'
const isOpen = () => gallery.open
const hasItems = () => gallery.open && gallery.shown.length > 0
const hasMeant = () => gallery.open && meant().length > 0
const pictures = () => meant().flatMap(({ asset }) => asset ?? [])

/** The picture that labels are for: those meant in the gallery, or the one that is shown. */
function labelled(): string[] {
  if (gallery.open) return pictures().map(({ id }) => id)
  const source = selectedSource()
  return source?.image ? [source.id] : []
}

interface Saying {
  asset: string
  label: Label | null
  defect?: string | null
}

const sayingOf = (id: string): Saying => {
  const asset = assetOf(id)
  return { asset: id, label: asset?.label ?? null, defect: asset?.defect ?? null }
}

/** Labels pictures; what they were is a step to undo. */
async function apply(after: Saying[], what: string) {
  const before = after.map(({ asset }) => sayingOf(asset))
  const there = (labels: Saying[]) => labels.filter(({ asset }) => assetOf(asset) !== undefined)
  const set = async (labels: Saying[]) => {
    if (there(labels).length) await call('asset.label', { labels: there(labels) })
  }
  try {
    await doStep({ label: what, undo: () => set(before), redo: () => set(after) })
    say(what)
  } catch (error) {
    tellError(text.gallery.labelFailed, error)
  }
}

/** Gives pictures a label, or takes it; in the gallery a single one then gives way to the next. */
export async function labelAs(to: Label | null) {
  const ids = labelled()
  if (!ids.length) return
  // The next is there at once, so that keys may follow as fast as they will.
  if (gallery.open && gallery.chosen.size === 0 && to !== null) moveTo(cursorAt() + 1)
  await apply(
    ids.map((asset) => ({ asset, label: to })),
    text.gallery.labelled(ids.length, to),
  )
}

/** Says what is wrong with the pictures that are meant; they count as bad. */
export async function nameDefect(name: string) {
  const defect = name.trim()
  const ids = labelled()
  if (!ids.length) return
  await apply(
    ids.map((asset) => ({ asset, label: 'bad', defect: defect || null })),
    text.gallery.defectNamed(defect || text.gallery.labels.bad, ids.length),
  )
}

/** Shows a picture by itself. */
export function openItem(item: Item | undefined) {
  if (!item?.asset) {
    if (item?.error) tell({ kind: 'error', title: item.error.message, hint: item.error.hint })
    return
  }
  gallery.open = false
  select(item.asset.id)
}

/** Leaves the gallery for the picture under the cursor, or for what was shown before. */
function close() {
  if (gallery.chosen.size) gallery.chosen = new Set()
  else gallery.open = false
}

function show() {
  if (gallery.open) return void (gallery.open = false)
  gallery.open = true
  const source = selectedSource()
  if (source?.image) gallery.cursor = gallery.anchor = source.id
}

/** Inspects the chosen pictures, or, where none is chosen, all that are shown and have no verdict. */
async function inspect() {
  const some = gallery.chosen.size
    ? meant()
    : gallery.shown.filter(({ state }) => state === 'new' || state === 'failed')
  const ids = some.flatMap(({ asset, state }) => (asset && state !== 'waiting' ? [asset.id] : []))
  if (ids.length) await inspectMany(ids)
  else tell({ kind: 'info', title: text.gallery.nothingNew })
}

/** Takes pictures with all that was made from them out of the project; what could not be read is only forgotten. */
function remove() {
  const items = meant()
  const lost = new Set(items.filter(({ asset }) => !asset).map(({ id }) => id))
  if (lost.size)
    call('refused.remove', { refused: [...lost] }).catch((error: unknown) =>
      tellError(text.gallery.notForgotten, error),
    )
  const assets = items.flatMap(({ asset }) => asset ?? [])
  const at = cursorAt()
  if (assets.length) {
    const { masksOf } = indexOf(project.assets)
    const along = assets.flatMap(({ id }) => [
      ...takesOf(id).flatMap(({ outputs }) => outputs),
      ...Object.values(masksOf.get(id) ?? {}),
    ])
    removeAsset(assets[0]!, [...along, ...assets.slice(1)], text.gallery.removed(assets.length))
  }
  gallery.chosen = new Set()
  moveTo(at)
}

const move = (id: keyof typeof text.galleryActions, keys: string[], by: () => number, extend = false): Action => ({
  id,
  label: () => text.galleryActions[id],
  group: 'gallery',
  keys,
  when: hasItems,
  run: () => moveBy(by(), extend),
  repeats: true,
})

const columns = () => gallery.grid.columns
const page = () => Math.max(1, Math.floor(gallery.height / (gallery.grid.cell.height + gallery.grid.gap))) * columns()

const labelAction = (
  id: 'labelGood' | 'labelBad' | 'labelUnsure' | 'labelNone',
  key: string,
  to: Label | null,
): Action => ({
  id,
  label: () => text.galleryActions[id],
  group: 'gallery',
  keys: [key, `Shift+${key}`],
  when: hasMeant,
  run: () => labelAs(to),
  repeats: false,
})

/** The same for the picture that is shown by itself, where plain letters mean other things. */
const labelHere = (id: 'labelGood' | 'labelBad' | 'labelUnsure', key: string, to: Label): Action => ({
  id: `${id}Here`,
  label: () => text.galleryActions[id],
  group: 'picture',
  keys: [`Shift+${key}`],
  when: () => !gallery.open && labelled().length > 0,
  run: () => labelAs(to),
})

/** What is done with many pictures together. */
export const galleryActions = {
  gallery: {
    id: 'gallery',
    label: () => text.galleryActions.gallery,
    group: 'gallery',
    keys: ['Y'],
    when: () => gallery.open || gallery.items.length > 0,
    run: show,
  },
  openFolder: {
    id: 'openFolder',
    label: () => text.galleryActions.openFolder,
    group: 'file',
    keys: ['Mod+Shift+O'],
    when: () => project.loaded,
    run: openFolder,
  },
  galleryClose: {
    id: 'galleryClose',
    label: () => text.galleryActions.galleryClose,
    group: 'gallery',
    keys: ['Escape'],
    when: isOpen,
    run: close,
  },
  galleryOpen: {
    id: 'galleryOpen',
    label: () => text.galleryActions.galleryOpen,
    group: 'gallery',
    keys: ['Enter'],
    when: hasMeant,
    run: () => openItem(gallery.shown[cursorAt()] ?? meant()[0]),
  },
  galleryLeft: move('galleryLeft', ['ArrowLeft'], () => -1),
  galleryRight: move('galleryRight', ['ArrowRight'], () => 1),
  galleryUp: move('galleryUp', ['ArrowUp'], () => -columns()),
  galleryDown: move('galleryDown', ['ArrowDown'], columns),
  galleryLeftMore: move('galleryLeftMore', ['Shift+ArrowLeft'], () => -1, true),
  galleryRightMore: move('galleryRightMore', ['Shift+ArrowRight'], () => 1, true),
  galleryUpMore: move('galleryUpMore', ['Shift+ArrowUp'], () => -columns(), true),
  galleryDownMore: move('galleryDownMore', ['Shift+ArrowDown'], columns, true),
  galleryPageUp: move('galleryPageUp', ['PageUp'], () => -page()),
  galleryPageDown: move('galleryPageDown', ['PageDown'], page),
  galleryHome: { ...move('galleryHome', ['Home'], () => 0), run: () => moveTo(0) },
  galleryEnd: { ...move('galleryEnd', ['End'], () => 0), run: () => moveTo(gallery.shown.length - 1) },
  galleryToggle: {
    id: 'galleryToggle',
    label: () => text.galleryActions.galleryToggle,
    group: 'gallery',
    keys: ['Space'],
    when: () => isOpen() && cursorAt() >= 0,
    run: () => toggle(gallery.cursor!),
  },
  galleryAll: {
    id: 'galleryAll',
    label: () => text.galleryActions.galleryAll,
    group: 'gallery',
    keys: ['Mod+A'],
    when: hasItems,
    run: () => void (gallery.chosen = new Set(gallery.shown.map(({ id }) => id))),
  },
  gallerySearch: {
    id: 'gallerySearch',
    label: () => text.galleryActions.gallerySearch,
    group: 'gallery',
    keys: ['Mod+F', '/'],
    when: isOpen,
    run: () => document.querySelector<HTMLInputElement>('[data-gallery-search]')?.focus(),
  },
  labelGood: labelAction('labelGood', 'G', 'good'),
  labelBad: labelAction('labelBad', 'B', 'bad'),
  labelUnsure: labelAction('labelUnsure', 'U', 'unsure'),
  labelNone: labelAction('labelNone', 'Backspace', null),
  labelGoodHere: labelHere('labelGood', 'G', 'good'),
  labelBadHere: labelHere('labelBad', 'B', 'bad'),
  labelUnsureHere: labelHere('labelUnsure', 'U', 'unsure'),
  galleryInspect: {
    id: 'galleryInspect',
    label: () => text.galleryActions.galleryInspect,
    group: 'gallery',
    keys: ['X'],
    when: () => hasItems() && inspectPack() !== undefined,
    run: inspect,
  },
  galleryExport: {
    id: 'galleryExport',
    label: () => text.galleryActions.galleryExport,
    group: 'gallery',
    keys: ['Mod+E'],
    when: () => isOpen() && gallery.pictures.length > 0,
    run: () => void openDialog('export'),
  },
  galleryRemove: {
    id: 'galleryRemove',
    label: () => text.galleryActions.galleryRemove,
    group: 'gallery',
    keys: ['Delete'],
    when: hasMeant,
    run: remove,
  },
} satisfies Record<string, Action>
