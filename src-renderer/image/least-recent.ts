/** Things by key, of which those used least lately are given up once all together cost more than `most`. */
export interface LeastRecent<T> {
  get(key: string): T | undefined
  put(key: string, value: T, cost: number): void
  /** Gives up all whose key passes. */
  drop(passes: (key: string) => boolean): void
  readonly cost: number
}

/** An empty store; `close` frees what is given up. */
export function leastRecent<T>(most: number, close: (value: T) => void = () => {}): LeastRecent<T> {
  const kept = new Map<string, { value: T; cost: number }>()
  let total = 0
  const remove = (key: string) => {
    const entry = kept.get(key)
    if (!entry) return
    kept.delete(key)
    total -= entry.cost
    close(entry.value)
  }
  return {
    get(key) {
      const entry = kept.get(key)
      if (!entry) return undefined
      kept.delete(key)
      kept.set(key, entry)
      return entry.value
    },
    put(key, value, cost) {
      remove(key)
      kept.set(key, { value, cost })
      total += cost
      for (const old of kept.keys()) {
        if (total <= most || old === key) break
        remove(old)
      }
    },
    drop(passes) {
      for (const key of [...kept.keys()]) if (passes(key)) remove(key)
    },
    get cost() {
      return total
    },
  }
}
