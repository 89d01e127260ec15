import type { Asset } from '@contract'
import { judged } from '../image/finds'
import { lineOf } from './line.svelte'
import { text } from '../text/text.svelte'
import { taskWords } from '../text/task-words'
import { indexOf } from './asset-index'
import { assetOf, leaving, project, shownAssets } from './project.svelte'

/** One run over a source: its result and, where the task makes one, the residual. */
export interface Take {
  job: string
  result: Asset
  noise: Asset | undefined
  /** All that it made: result, residual, and what goes with a map of a picture. */
  outputs: readonly Asset[]
}

/** Outputs that stand beside the result of their run. */
const besides = ['noise', 'mask', 'overlay', 'map', 'reconstruction']

/** What the document shows: a source and, of its results, the one being compared. */
export const selection = $state({ source: null as string | null, take: null as string | null })

/** Whether an asset stands by itself in the library: dropped, or a result whose source is gone. */
const isRoot = ({ origin, marks }: Asset) => (origin ? !assetOf(origin.source) : marks ? !assetOf(marks.of) : true)

/** Sources, newest first. */
export function sources(): Asset[] {
  const shown = shownAssets()
  const there = known.get(shown)
  if (there) return there
  const found = shown
    .filter(isRoot)
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0))
  known.set(shown, found)
  return found
}

const known = new WeakMap<readonly Asset[], Asset[]>()

/** Results made from a source, newest first. */
export function takesOf(source: string): Take[] {
  const made = indexOf(shownAssets()).madeFrom.get(source) ?? []
  const jobs = made.map((asset) => asset.origin!.job)
  return jobs
    .filter((job, i) => jobs.indexOf(job) === i)
    .flatMap((job) => {
      const outputs = made.filter((asset) => asset.origin!.job === job)
      const result = outputs.find((asset) => !besides.includes(asset.origin!.role))
      const noise = outputs.find((asset) => asset.origin!.role === 'noise')
      return result ? [{ job, result, noise, outputs }] : []
    })
    .sort((a, b) => b.result.createdAt.localeCompare(a.result.createdAt))
}

/** What a result is called where it stands beside its source: a verdict by what it says. */
export function resultName({ result }: Take): string {
  const finds = result.origin && judged(result.origin, lineOf(result.origin))
  if (finds) return text.inspect.brief(finds.label, finds.score.toFixed(2))
  return taskWords(result.origin?.task).result
}

export const selectedSource = () => {
  const asset = assetOf(selection.source)
  return asset && !leaving.ids.includes(asset.id) ? asset : undefined
}

export const selectedTake = () => {
  const source = selectedSource()
  return source && takesOf(source.id).find((take) => take.job === selection.take)
}

/** Shows a source with its newest result, or with the one asked for. */
export function select(source: string, take?: string) {
  selection.source = source
  selection.take = take ?? takesOf(source)[0]?.job ?? null
}

/** Keeps the selection on something that exists; shows a running selection's result when it arrives. */
export function settleSelection() {
  if (!project.loaded) return
  if (!selectedSource()) {
    const first = sources()[0]
    if (first) select(first.id)
    else Object.assign(selection, { source: null, take: null })
  } else if (selection.take && !selectedTake()) selection.take = takesOf(selection.source!)[0]?.job ?? null
}
