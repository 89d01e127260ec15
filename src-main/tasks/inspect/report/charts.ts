import { mostFalseAlarms, overlapAt, upToMost, type RegionOverlap } from '@contract'
import { histogram } from '../../../image'
import { escaped } from './escaped'

const width = 340
const height = 240
const frame = { left: 40, right: 12, top: 28, bottom: 36 }
const inner = { width: width - frame.left - frame.right, height: height - frame.top - frame.bottom }
const across = (share: number) => frame.left + share * inner.width
const up = (share: number) => frame.top + (1 - share) * inner.height
const round = (value: number) => Math.round(10 * value) / 10

const svg = (title: string, body: string) =>
  `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}"><text class="title" x="${frame.left}" y="16">${escaped(title)}</text>${body}</svg>`

const axes = (xName: string, yName: string, most = '1', xMost = '1') =>
  `<path class="axis" fill="none" d="M${across(0)} ${up(1)}V${up(0)}H${across(1)}"/><text x="${across(0)}" y="${up(0) + 14}">0</text><text x="${across(1)}" y="${up(0) + 14}" text-anchor="end">${xMost}</text><text x="${across(0.5)}" y="${up(0) + 28}" text-anchor="middle">${escaped(xName)}</text><text x="${across(0) - 6}" y="${up(1) + 4}" text-anchor="end">${most}</text><text transform="translate(14 ${up(0.5)}) rotate(-90)" text-anchor="middle">${escaped(yName)}</text>`

/** A curve within 0 to 1 as an inline drawing. */
export function curveChart(
  { x, y }: { readonly x: readonly number[]; readonly y: readonly number[] },
  names: { title: string; across: string; up: string; chance?: boolean },
): string {
  const points = x.map((at, i) => `${round(across(at))} ${round(up(y[i]!))}`)
  const chance = names.chance ? `<path class="chance" d="M${across(0)} ${up(0)}L${across(1)} ${up(1)}"/>` : ''
  return svg(names.title, `${axes(names.across, names.up)}${chance}<path class="line" d="M${points.join('L')}"/>`)
}

/** How much of each marked region is covered, up to the false positive rate that counts, with a dot where `threshold` stands on the curve. */
export function overlapChart(overlap: RegionOverlap, threshold: number): string {
  const place = (x: number, y: number) => [round(across(x / mostFalseAlarms)), round(up(y))] as const
  const line = upToMost(overlap.points).map((point) => place(point.falseAlarms, point.overlap).join(' '))
  const at = overlapAt(overlap.points, threshold)
  const [x, y] = place(at.falseAlarms, at.overlap)
  const dot = at.falseAlarms <= mostFalseAlarms ? `<circle class="dot" cx="${x}" cy="${y}" r="4"/>` : ''
  const title = `PRO, AUPRO ${overlap.aupro.toFixed(3)} to ${mostFalseAlarms}, ${overlap.regions} ${overlap.regions === 1 ? 'region' : 'regions'}`
  const frame = axes('false positive rate, pixels', 'per-region overlap', '1', String(mostFalseAlarms))
  return svg(title, `${frame}<path class="line" d="M${line.join('L')}"/>${dot}`)
}

/** Scores from 0 to 1 of several groups, stacked, with a line at `threshold`; the counts' scale is logarithmic, so that few odd ones are seen beside many. */
export function histogramChart(
  groups: readonly { name: 'good' | 'bad' | 'not labelled'; scores: readonly number[] }[],
  threshold: number,
): string {
  const bins = 40
  const shown = groups.filter(({ scores }) => scores.length > 0)
  const counted = shown.map(({ name, scores }) => ({ name, counts: histogram(scores, 0, 1, bins).counts }))
  const totals = Array.from({ length: bins }, (_, i) => counted.reduce((sum, { counts }) => sum + counts[i]!, 0))
  const most = Math.max(1, ...totals)
  const part = (count: number) => Math.log1p(count) / Math.log1p(most)
  let bars = ''
  for (let i = 0; i < bins; i++) {
    let below = 0
    for (const { name, counts } of counted) {
      const [from, to] = [part(below), part(below + counts[i]!)]
      below += counts[i]!
      if (to > from)
        bars += `<rect class="${name === 'not labelled' ? 'open' : name}" x="${round(across(i / bins) + 0.5)}" y="${round(up(to))}" width="${round(inner.width / bins - 1)}" height="${round((to - from) * inner.height)}"/>`
    }
  }
  const key = shown
    .map(
      ({ name }, i) =>
        `<rect class="${name === 'not labelled' ? 'open' : name}" x="${frame.left + 80 * i + 70}" y="7" width="10" height="10"/><text x="${frame.left + 80 * i + 84}" y="16">${name}</text>`,
    )
    .join('')
  const from = `<path class="from" d="M${round(across(threshold))} ${up(1)}V${up(0)}"/>`
  return svg('Histogram', `${key}${bars}${from}${axes('score', 'pictures (log)', String(most))}`)
}
