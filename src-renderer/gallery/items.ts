import type { Asset, ErrorRecord, Job, Label, Refused } from '@contract'
import { findsOf, type Finds } from '../image/finds'

/** Where a picture stands: it has a verdict, waits for one, could not get one, or was never inspected. */
export type ItemState = 'done' | 'waiting' | 'failed' | 'new'

/** A picture of the gallery; one that could not be read has no asset. */
export interface Item {
  id: string
  name: string
  asset: Asset | undefined
  state: ItemState
  /** What inspection found last, and the job and the heat map of that. */
  finds: Finds | undefined
  take: string | undefined
  heatmap: Asset | undefined
  label: Label | undefined
  defect: string | undefined
  marked: boolean
  /** Why it failed. */
  error: ErrorRecord | undefined
  /** Milliseconds since 1970. */
  time: number
}

export interface ItemSources {
  pictures: readonly Asset[]
  jobs: readonly Job[]
  refused: readonly Refused[]
  madeFrom(id: string): readonly Asset[]
  isMarked(id: string): boolean
}

const isActive = ({ state }: Job) => state === 'queued' || state === 'running' || state === 'cancelling'

/** The pictures with what is known of each. */
export function itemsOf({ pictures, jobs, refused, madeFrom, isMarked }: ItemSources): Item[] {
  const waiting = new Map<string, string>()
  const failed = new Map<string, { error: ErrorRecord; at: string }>()
  for (const job of jobs) {
    const own = job.sources ?? [job.source]
    if (isActive(job)) for (const source of own) waiting.set(source, job.id)
    else if (job.state === 'failed' && job.error)
      for (const source of own) failed.set(source, { error: job.error, at: job.createdAt })
    for (const { source, error } of job.missed ?? []) {
      failed.set(source, { error, at: job.createdAt })
      if (waiting.get(source) === job.id) waiting.delete(source)
    }
  }
  const items = pictures.map((asset): Item => {
    const { id, name, label, defect } = asset
    let heatmap: Asset | undefined
    for (const made of madeFrom(id))
      if (made.origin!.role === 'heatmap' && (!heatmap || made.createdAt >= heatmap.createdAt)) heatmap = made
    const finds = heatmap && findsOf(heatmap.origin!)
    const take = heatmap?.origin!.job
    const job = waiting.get(id)
    const fault = failed.get(id)
    const isFailed = fault !== undefined && (!heatmap || fault.at > heatmap.createdAt)
    const state = job !== undefined && job !== take ? 'waiting' : isFailed ? 'failed' : finds ? 'done' : 'new'
    const error = state === 'failed' ? fault?.error : undefined
    const time = Date.parse(asset.createdAt)
    return { id, name, asset, state, finds, take, heatmap, label, defect, marked: isMarked(id), error, time }
  })
  const lost = refused.map((each): Item => {
    const none = { asset: undefined, finds: undefined, take: undefined, heatmap: undefined }
    return {
      ...each,
      ...none,
      time: Date.parse(each.time),
      state: 'failed',
      label: undefined,
      defect: undefined,
      marked: false,
    }
  })
  return [...lost, ...items]
}

export type Sort = 'score' | 'name' | 'date'

export type Filter =
  | 'all'
  | 'odd'
  | 'normal'
  | 'good'
  | 'bad'
  | 'unsure'
  | 'unlabelled'
  | 'disagree'
  | 'marked'
  | 'new'
  | 'waiting'
  | 'failed'

export const isOdd = (item: Item, threshold: number) => item.finds !== undefined && item.finds.score >= threshold

/** Whether an item is shown under a filter, or under `defect:<name>`. */
export function passes(item: Item, filter: Filter | `defect:${string}`, threshold: number): boolean {
  if (filter.startsWith('defect:')) return item.defect === filter.slice(7)
  switch (filter as Filter) {
    case 'all':
      return true
    case 'odd':
      return isOdd(item, threshold)
    case 'normal':
      return item.finds !== undefined && !isOdd(item, threshold)
    case 'good':
    case 'bad':
    case 'unsure':
      return item.label === filter
    case 'unlabelled':
      return item.label === undefined && item.asset !== undefined
    case 'disagree':
      return (
        item.finds !== undefined &&
        (item.label === 'good' || item.label === 'bad') &&
        isOdd(item, threshold) !== (item.label === 'bad')
      )
    case 'marked':
      return item.marked
    default:
      return item.state === filter
  }
}

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

const orders: Record<Sort, (a: Item, b: Item) => number> = {
  score: (a, b) => (b.finds?.score ?? -1) - (a.finds?.score ?? -1) || byName.compare(a.name, b.name),
  name: (a, b) => byName.compare(a.name, b.name),
  date: (a, b) => b.time - a.time || byName.compare(a.name, b.name),
}

/** The items that pass, in order. `text` is looked for in names, letter case aside. */
export function shownItems(
  items: readonly Item[],
  {
    sort,
    filter,
    text,
    threshold,
  }: { sort: Sort; filter: Filter | `defect:${string}`; text: string; threshold: number },
): Item[] {
  const sought = text.trim().toLocaleLowerCase()
  return items
    .filter((item) => passes(item, filter, threshold) && (!sought || item.name.toLocaleLowerCase().includes(sought)))
    .sort(orders[sort])
}
