import type { Job } from '@contract'
import { gridOf, type Grid } from '../gallery/grid'
import { setOf } from '../gallery/set-of'
import { itemsOf, shownItems, type Filter, type Item, type Sort } from '../gallery/items'
import { indexOf } from './asset-index'
import { project, shownAssets } from './project.svelte'
import { sources } from './selection.svelte'

let known: readonly Job[] = []

/** The jobs as they were before where they differ in nothing but how far they are: that is told ten times a second, and no picture looks different for it. */
function unlessOnlyProgress(jobs: readonly Job[]): readonly Job[] {
  const isSame = (job: Job, i: number) => {
    const before = known[i]
    return before?.id === job.id && before.state === job.state && before.missed === job.missed
  }
  if (jobs.length !== known.length || !jobs.every(isSame)) known = jobs
  return known
}

/** What is seen of all pictures together. */
class GalleryState {
  open = $state(false)
  sort = $state<Sort>('score')
  filter = $state<Filter | `defect:${string}`>('all')
  text = $state('')
  /** From this score on a picture counts as odd here. */
  threshold = $state(0.5)
  /** The picture that keys are about, and where a range begins. */
  cursor = $state<string | null>(null)
  anchor = $state<string | null>(null)
  chosen = $state.raw<ReadonlySet<string>>(setOf([]))
  /** CSS pixels of the grid's window; 0 while it is not shown. */
  width = $state(0)
  height = $state(0)

  jobs: readonly Job[] = $derived(unlessOnlyProgress(project.jobs.filter(({ task }) => task === 'inspect')))
  pictures = $derived(sources().filter(({ image }) => image !== undefined))
  items: Item[] = $derived.by(() => {
    const { madeFrom, masksOf } = indexOf(shownAssets())
    return itemsOf({
      pictures: this.pictures,
      jobs: this.jobs,
      refused: project.refused,
      madeFrom: (id) => madeFrom.get(id) ?? [],
      isMarked: (id) => masksOf.get(id)?.truth !== undefined,
    })
  })
  shown: Item[] = $derived(
    shownItems(this.items, { sort: this.sort, filter: this.filter, text: this.text, threshold: this.threshold }),
  )
  places = $derived(new Map(this.shown.map(({ id }, i) => [id, i])))
  grid: Grid = $derived(gridOf(this.shown.length, this.width))
}

export const gallery = new GalleryState()

/** The pictures that an action is about: the chosen ones that are shown, else the one under the cursor. */
export function meant(): Item[] {
  const { shown, chosen, places, cursor } = gallery
  const some = chosen.size ? shown.filter(({ id }) => chosen.has(id)) : []
  if (some.length) return some
  const at = cursor === null ? undefined : places.get(cursor)
  return at === undefined ? [] : [shown[at]!]
}

/** Puts the cursor on place `at`, and chooses all from the anchor to it, or nothing. */
export function moveTo(at: number, extend = false) {
  const { shown, places } = gallery
  const item = shown[Math.min(shown.length - 1, Math.max(0, at))]
  if (!item) return
  if (!extend) {
    gallery.anchor = item.id
    gallery.chosen = setOf([])
  } else {
    gallery.anchor ??= gallery.cursor ?? item.id
    const from = places.get(gallery.anchor) ?? places.get(item.id)!
    const to = places.get(item.id)!
    gallery.chosen = setOf(shown.slice(Math.min(from, to), Math.max(from, to) + 1).map(({ id }) => id))
  }
  gallery.cursor = item.id
}

/** The cursor's place; −1 where it is on nothing that is shown. */
export const cursorAt = () => (gallery.cursor === null ? -1 : (gallery.places.get(gallery.cursor) ?? -1))

/** Moves the cursor by so many places. */
export const moveBy = (by: number, extend = false) => {
  const at = cursorAt()
  if (at < 0) return moveTo(0)
  const to = at + by
  // A row further down than the last picture of a full row above it: to the last of all.
  if (to >= gallery.shown.length && Math.abs(by) > 1) return moveTo(gallery.shown.length - 1, extend)
  if (to < 0 && Math.abs(by) > 1) return
  moveTo(to, extend)
}

/** Chooses one more, or one less. */
export function toggle(id: string) {
  const { chosen, cursor } = gallery
  // The first that is added to what was only under the cursor takes that along.
  const before = chosen.size === 0 && cursor !== null && cursor !== id ? [cursor] : [...chosen]
  gallery.chosen = setOf(before.includes(id) ? before.filter((other) => other !== id) : [...before, id])
  gallery.cursor = gallery.anchor = id
}
