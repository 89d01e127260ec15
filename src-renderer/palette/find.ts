import type { Entry } from './entries'
import { fuzzy } from './fuzzy'

/** An entry that was found, and which characters of its label matched. */
export interface Found {
  entry: Entry
  at: readonly number[]
}

/** So much a match in another language, or of what was run long ago, counts less. */
const otherLanguage = 15
const recency = 24

/**
 * What matches a query, best first; without one every action, those run lately first. What cannot be done now comes last, as does nothing else.
 * `recent` are ids of entries, the latest first.
 */
export function find(query: string, entries: readonly Entry[], recent: readonly string[], most = 60): Found[] {
  const wanted = query.trim()
  const freshness = ({ id }: Entry) => {
    const rank = recent.indexOf(id)
    return rank < 0 ? 0 : recency * (1 - rank / recent.length)
  }
  const scored = entries.flatMap((entry, order) => {
    if (!wanted) {
      const fresh = freshness(entry)
      return entry.kind === 'action' || fresh > 0 ? [{ entry, at: [], score: fresh, order }] : []
    }
    const matches = entry.names.flatMap((name) => {
      const match = fuzzy(wanted, name)
      if (!match) return []
      const own = name === entry.label
      return [{ score: match.score - (own ? 0 : otherLanguage), at: own ? match.at : [] }]
    })
    const best = matches.sort((a, b) => b.score - a.score)[0]
    return best ? [{ entry, at: best.at, score: best.score + freshness(entry), order }] : []
  })
  return scored
    .sort((a, b) => Number(b.entry.can) - Number(a.entry.can) || b.score - a.score || a.order - b.order)
    .slice(0, most)
    .map(({ entry, at }) => ({ entry, at }))
}
