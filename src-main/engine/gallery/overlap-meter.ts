import { setImmediate } from 'node:timers/promises'
import type { RegionOverlap } from '@contract'
import {
  openPicture,
  overlapShare,
  overlapSum,
  regionRuns,
  shareBytes,
  type OverlapShare,
  type PictureReader,
} from '../../image'
import { NagareError } from '../../lib/errors'
import { contentFile, ignoreOf, isMap, refuseAborted, type Project } from '../../project'

/** Memory that counted maps may take. */
const mostBytes = 96e6

/** A map and the mask of what is wrong in its picture, null where nothing is. */
export interface MaskedMap {
  readonly map: string
  readonly mask: string | null
}

/** Compares maps with masks; what was counted of a map and its mask is kept, so that a mask that changes costs one map. */
export interface OverlapMeter {
  /** The curve of the per-region overlap, null without a region. Others may work meanwhile. Throws `bad-input`, `not-found`, `cancelled`, what the files throw. */
  measure(items: readonly MaskedMap[], signal?: AbortSignal): Promise<RegionOverlap | null>
}

/** A meter of a project's maps. */
export function overlapMeter(project: Project): OverlapMeter {
  const { assets } = project
  /** What was counted, that which was used least lately first, with the measure that used it last. */
  const kept = new Map<string, { share: OverlapShare; round: number }>()
  let bytes = 0
  let rounds = 0
  let last: { key: string; overlap: RegionOverlap | null } | undefined

  /** Keeps a share in place of those that no measure used lately; where this one alone fills the room, what it counted first stays. */
  const keep = (key: string, share: OverlapShare, round: number) => {
    if (kept.has(key)) return
    kept.set(key, { share, round })
    bytes += shareBytes(share)
    for (const [old, entry] of kept) {
      if (bytes <= mostBytes) return
      const gone = entry.round < round ? old : key
      bytes -= shareBytes(kept.get(gone)!.share)
      kept.delete(gone)
      if (gone === key) return
    }
  }
  const partsOf = ({ map, mask }: MaskedMap) => {
    const found = assets.get(map)
    if (!isMap(found)) throw new NagareError('bad-input', `${found.name} is no map.`)
    const ignored = assets.has(found.origin!.source) ? ignoreOf(assets, found.origin!.source) : undefined
    const all = [found, mask === null ? undefined : assets.get(mask), ignored]
    return {
      map,
      mask,
      ignored: ignored?.id ?? null,
      key: all.map((each) => each?.sha256 || (each?.id ?? '-')).join(' '),
    }
  }
  const read = async <T>(id: string, use: (reader: PictureReader) => Promise<T>): Promise<T> => {
    const reader = await openPicture(await contentFile(project, id), { spoolFolder: project.paths.work })
    try {
      return await use(reader)
    } finally {
      reader.close()
    }
  }

  return {
    async measure(items, signal) {
      const parts = items.map(partsOf)
      if (!parts.some(({ mask }) => mask !== null)) return null
      const key = parts.map((each) => each.key).join('\n')
      if (last?.key === key) return last.overlap
      const round = ++rounds
      const sum = overlapSum()
      for (const each of parts) {
        refuseAborted(signal)
        const known = kept.get(each.key)
        if (known) {
          kept.delete(each.key)
          kept.set(each.key, { share: known.share, round })
        }
        const share = known?.share ?? (await count(each, read, signal))
        keep(each.key, share, round)
        sum.add(share)
        await setImmediate()
      }
      const overlap = sum.finish()
      last = { key, overlap }
      return overlap
    },
  }
}

type Read = <T>(id: string, use: (reader: PictureReader) => Promise<T>) => Promise<T>

/** Counts a map against its mask without what is ignored, band by band. */
function count(
  { map, mask, ignored }: { map: string; mask: string | null; ignored: string | null },
  read: Read,
  signal?: AbortSignal,
): Promise<OverlapShare> {
  const maybe = <T>(id: string | null, use: (reader: PictureReader | null) => Promise<T>) =>
    id === null ? use(null) : read(id, use)
  return read(map, ({ info, ...values }) =>
    maybe(ignored, async (without) => {
      const { width, height } = info
      const skipped = without && without.info.width === width && without.info.height === height ? without : null
      const bands = async (use: (y: number, rows: number) => void) => {
        const most = Math.max(1, Math.floor(2 ** 17 / width))
        for (let y = 0; y < height; y += most) {
          refuseAborted(signal)
          use(y, Math.min(most, height - y))
          await setImmediate()
        }
      }
      const ignoredIn = (y: number, rows: number) => skipped && marked(skipped, y, rows)
      const regions = await maybe(mask, async (truth) => {
        if (!truth) return null
        if (truth.info.width !== width || truth.info.height !== height)
          throw new NagareError(
            'bad-input',
            `Expected a mask of ${width} × ${height} pixels, found ${truth.info.width} × ${truth.info.height}.`,
            { hint: 'Draw the mask anew.' },
          )
        const taker = regionRuns(width)
        await bands((y, rows) => {
          const out = ignoredIn(y, rows)
          const on = marked(truth, y, rows)
          taker.push(out ? on.map((value, i) => (out[i] ? 0 : value)) : on)
        })
        return taker.finish()
      })
      const taker = overlapShare(width, regions)
      await bands((y, rows) => {
        const levels = values.readLevels({ x: 0, y, width, height: rows })
        taker.push(levels as Uint16Array, ignoredIn(y, rows) ?? undefined)
      })
      return taker.finish()
    }),
  )
}

/** Rows of a mask, 1 where it is on: brighter than half. */
function marked(reader: PictureReader, y: number, rows: number): Uint8Array {
  const { width, channels, depth } = reader.info
  const levels = reader.readLevels({ x: 0, y, width, height: rows })
  const half = depth === 16 ? 32767 : 127
  const on = new Uint8Array(width * rows)
  for (let i = 0; i < on.length; i++) on[i] = levels[i * channels]! > half ? 1 : 0
  return on
}
