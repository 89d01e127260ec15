import type { RegionOverlap } from '@contract'
import { untrack } from 'svelte'
import { linesOf, recordOf } from '../state/notices.svelte'
import { call } from '../transport/engine'
import type { MaskedMaps } from './masked-maps'

/** Milliseconds to wait for more: while a batch is inspected, maps come one after the other. */
const pause = 250

/** How well the maps that `maps` answers cover what masks mark, held while the component lives that asks; what was measured before until it is measured anew. */
export function measuredOverlap(maps: () => MaskedMaps): {
  /** Undefined until measured, null where there is nothing to compare. */
  readonly overlap: RegionOverlap | null | undefined
  readonly isMeasuring: boolean
  readonly problem: string | undefined
} {
  let overlap = $state.raw<RegionOverlap | null>()
  let isMeasuring = $state(false)
  let problem = $state<string>()
  const key = $derived(maps().key)
  const isMarked = $derived(maps().marked > 0)

  $effect(() => {
    void key
    problem = undefined
    isMeasuring = isMarked
    if (!isMarked) return void (overlap = undefined)
    const leaving = new AbortController()
    const { signal } = leaving
    const measure = async () => {
      try {
        const found = await call('gallery.overlap', { items: [...untrack(maps).items] }, { signal })
        if (!signal.aborted) overlap = found.overlap
      } catch (error) {
        if (!signal.aborted) problem = linesOf(recordOf(error)).text
      }
      if (!signal.aborted) isMeasuring = false
    }
    const timer = setTimeout(() => void measure(), untrack(() => overlap) === undefined ? 0 : pause)
    return () => {
      clearTimeout(timer)
      leaving.abort()
    }
  })

  return {
    get overlap() {
      return overlap
    },
    get isMeasuring() {
      return isMeasuring
    },
    get problem() {
      return problem
    },
  }
}
