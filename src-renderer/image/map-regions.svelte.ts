import { regionFinder, valuesOf, type Asset, type Line, type Region } from '@contract'
import { untrack } from 'svelte'
import { call } from '../transport/engine'
import { sortedSpecks, type Specks } from './specks'
import { wholeMap } from './whole-map'

/** What of a map reaches a line. */
export interface FoundRegions {
  line: Line
  regions: readonly Region[]
  count: number
  share: number
  /** Regions too small to count; null where there are so many that they are shown all the same. */
  specks: Specks | null
}

/** Maps of so many pixels are looked through here; larger ones by the engine, which does just the same. */
const mostPixels = 4e6
const mostRegions = 200

/** The regions of a map in memory. */
export function findHere(values: Float32Array, width: number, line: Line): FoundRegions {
  const runs: number[] = []
  let covered = 0
  const finder = regionFinder(width, {
    ...line,
    most: mostRegions,
    speck(speck) {
      for (let i = 0; i < speck.length; i += 3) covered -= speck[i + 2]! - speck[i + 1]!
      runs.push(...speck)
    },
  })
  for (const value of values) if (value >= line.threshold) covered++
  finder.push(values)
  const { regions, count } = finder.finish()
  return { line, regions, count, share: covered / values.length, specks: sortedSpecks(runs) }
}

async function findThere(map: string, line: Line, signal: AbortSignal): Promise<FoundRegions> {
  const { specks, ...found } = await call('picture.regions', { map, ...line }, { signal })
  const bytes = specks === null ? null : Uint8Array.from(atob(specks), (c) => c.charCodeAt(0))
  return { line, ...found, specks: bytes && sortedSpecks(new Uint32Array(bytes.buffer)) }
}

/** The regions of the map that `asset` answers by the line that `line` answers, held while the component lives that asks; those of the line before until they are found. */
export function mapRegions(
  asset: () => Asset | undefined,
  line: () => Line | undefined,
): { readonly found: FoundRegions | undefined } {
  let found = $state.raw<FoundRegions>()
  let values = $state.raw<Float32Array>()
  const id = $derived(asset()?.id)
  const isSmall = $derived.by(() => {
    const image = asset()?.image
    return image !== undefined && image.width * image.height <= mostPixels
  })
  const threshold = $derived(line()?.threshold)
  const minArea = $derived(line()?.minArea)

  $effect(() => {
    const map = id === undefined ? undefined : untrack(asset)
    found = undefined
    values = undefined
    if (!map || !isSmall) return
    const leaving = new AbortController()
    wholeMap(map, leaving.signal).then(
      (levels) => (values = valuesOf(levels)),
      () => {},
    )
    return () => leaving.abort()
  })

  $effect(() => {
    if (id === undefined || threshold === undefined || minArea === undefined) return
    const wanted = { threshold, minArea }
    if (isSmall) {
      if (!values) return
      const [held, width] = [values, untrack(asset)!.image!.width]
      // Once a frame is soon enough.
      const frame = requestAnimationFrame(() => (found = findHere(held, width, wanted)))
      return () => cancelAnimationFrame(frame)
    }
    const leaving = new AbortController()
    const map = id
    const timer = setTimeout(() => {
      findThere(map, wanted, leaving.signal).then(
        (there) => !leaving.signal.aborted && (found = there),
        () => {},
      )
    }, 120)
    return () => {
      clearTimeout(timer)
      leaving.abort()
    }
  })

  return {
    get found() {
      return found
    },
  }
}
