import type { Pack } from '@contract'
import { decimal } from '../text/format'

type Figure = Pack['metrics'][number]

/** Figures that were measured the same way; what was measured in decibels of sound comes first. */
export function byProtocol(metrics: readonly Figure[]): { protocol: string; figures: Figure[] }[] {
  const groups = new Map<string, Figure[]>()
  for (const figure of metrics) groups.set(figure.protocol, [...(groups.get(figure.protocol) ?? []), figure])
  return [...groups]
    .map(([protocol, figures]) => ({ protocol, figures }))
    .sort((a, b) => Number(heardIn(b.figures)) - Number(heardIn(a.figures)))
}

/** A measured value with three figures, so that a card's columns read alike: 9.75, 33.2, 2,501; a round 1 is 1.00. */
export function figureOf(value: number): string {
  const size = Math.abs(value)
  return size < 100 ? value.toFixed(size < 10 ? 2 : 1).replace('-', '−') : decimal(value, 0)
}

const heardIn = (figures: readonly Figure[]) => figures.some(({ unit }) => unit === 'dB')

/** The one line that says most: a level before and after (`X in`, `X out`), else the first level; empty without one. */
export function headline(metrics: readonly Figure[]): string {
  const levels = metrics.filter(({ unit }) => unit === 'dB')
  for (const after of levels) {
    const name = after.name.match(/^(.+) out$/)?.[1]
    const before = name && levels.find((each) => each.name === `${name} in`)
    if (before) return `${name} ${decimal(before.value)} → ${decimal(after.value)} dB`
  }
  // One that needs a long name says little by itself.
  return levels[0] && levels[0].name.length <= 16 ? `${levels[0].name} ${decimal(levels[0].value)} dB` : ''
}
