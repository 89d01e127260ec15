const key = 'nagare.palette'
const most = 12

/** Ids of the entries run lately in this browser, the latest first. */
export function recentEntries(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return Array.isArray(kept) ? kept.filter((id) => typeof id === 'string').slice(0, most) : []
  } catch {
    return []
  }
}

/** Notes that an entry was run. */
export function keepRecent(id: string) {
  localStorage.setItem(key, JSON.stringify([id, ...recentEntries().filter((other) => other !== id)].slice(0, most)))
}
