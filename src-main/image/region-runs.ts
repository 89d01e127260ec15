import { NagareError } from '../lib/errors'

/** The connected regions of a mask (8 neighbours) as runs of its rows; memory grows with the runs alone. */
export interface RegionRuns {
  /** Pixels of each region. */
  readonly areas: Uint32Array
  /** The first run of each row, and one past the last of all. */
  readonly rows: readonly number[]
  /** Of each run its first pixel, one past its last, and its region. */
  readonly runs: Uint32Array
}

/** Takes a mask from top to bottom. */
export interface RunTaker {
  /** Takes whole rows, [rows, width], on where not 0. */
  push(rows: Uint8Array): void
  finish(): RegionRuns
}

/** Most regions of one mask: more are noise, no defects. */
export const mostMaskRegions = 2 ** 21

/** Finds regions in rows of `width` pixels. Union-find with path halving (Rosenfeld & Pfaltz, 1966). Throws `bad-input` over 2 million regions. */
export function regionRuns(width: number): RunTaker {
  let parents = new Uint32Array(256)
  let labels = 0
  let runs = new Uint32Array(3 * 256)
  let used = 0
  const rows: number[] = []

  const root = (label: number) => {
    while (parents[label] !== label) label = parents[label] = parents[parents[label]!]!
    return label
  }
  const newLabel = () => {
    if (labels === parents.length) parents = doubled(parents)
    parents[labels] = labels
    return labels++
  }
  const row = (data: Uint8Array, at: number) => {
    let above = rows.at(-1) ?? 0
    const end = used / 3
    rows.push(end)
    for (let x = 0; x < width; x++) {
      if (data[at + x] === 0) continue
      const from = x
      while (x < width && data[at + x] !== 0) x++
      while (above < end && runs[3 * above + 1]! < from) above++
      let label = -1
      for (let k = above; k < end && runs[3 * k]! <= x; k++) {
        const other = root(runs[3 * k + 2]!)
        if (label < 0) label = other
        else if (other < label) label = parents[label] = other
        else parents[other] = label
      }
      if (used === runs.length) runs = doubled(runs)
      runs[used++] = from
      runs[used++] = x
      runs[used++] = label < 0 ? newLabel() : label
    }
  }
  return {
    push(data) {
      for (let at = 0; at < data.length; at += width) row(data, at)
    },
    finish() {
      const numbers = new Uint32Array(labels)
      let count = 0
      for (let label = 0; label < labels; label++)
        numbers[label] = root(label) === label ? count++ : numbers[root(label)]!
      if (count > mostMaskRegions)
        throw new NagareError('bad-input', `Expected a mask of at most ${mostMaskRegions} regions, found ${count}.`, {
          hint: 'Check that the mask marks defects, not noise.',
        })
      const areas = new Uint32Array(count)
      for (let i = 0; i < used; i += 3) {
        const region = numbers[runs[i + 2]!]!
        runs[i + 2] = region
        areas[region]! += runs[i + 1]! - runs[i]!
      }
      return { areas, rows: [...rows, used / 3], runs: runs.subarray(0, used) }
    },
  }
}

function doubled(before: Uint32Array): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(2 * before.length)
  more.set(before)
  return more
}
