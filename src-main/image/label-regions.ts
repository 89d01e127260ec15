import type { Mask } from './contour'

/** Numbers the connected regions of a mask (8 neighbours), from 1 in reading order; 0 is outside. Union-find with path halving (Rosenfeld & Pfaltz, 1966). */
export function labelRegions({ width, height, data }: Mask): { labels: Int32Array; count: number } {
  const labels = new Int32Array(width * height)
  let parents = new Int32Array(1024)
  let used = 1
  const root = (label: number) => {
    while (parents[label] !== label) label = parents[label] = parents[parents[label]!]!
    return label
  }
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      if (data[i] === 0) continue
      let label = x > 0 ? labels[i - 1]! : 0
      if (y > 0)
        for (let dx = x > 0 ? -1 : 0; dx <= (x + 1 < width ? 1 : 0); dx++) {
          const above = labels[i - width + dx]!
          if (above === 0) continue
          if (label === 0) label = above
          else {
            const [a, b] = [root(label), root(above)]
            if (a < b) parents[b] = a
            else parents[a] = b
          }
        }
      if (label === 0) {
        if (used === parents.length) {
          const more = new Int32Array(2 * used)
          more.set(parents)
          parents = more
        }
        parents[used] = used
        label = used++
      }
      labels[i] = label
    }
  const numbers = new Int32Array(used)
  let count = 0
  for (let label = 1; label < used; label++) numbers[label] = root(label) === label ? ++count : numbers[root(label)]!
  for (let i = 0; i < labels.length; i++) labels[i] = numbers[labels[i]!]!
  return { labels, count }
}

/** The mask without its connected regions of fewer than `minArea` pixels. */
export function withoutSmall(mask: Mask, minArea: number): Mask {
  const { labels, count } = labelRegions(mask)
  const areas = new Uint32Array(count + 1)
  for (const label of labels) areas[label]!++
  return { ...mask, data: Uint8Array.from(labels, (label) => (label > 0 && areas[label]! >= minArea ? 1 : 0)) }
}
