/** A set that is not changed: what is chosen anew is a new set. */
export const setOf = (ids: Iterable<string>): ReadonlySet<string> => new Set(ids)
