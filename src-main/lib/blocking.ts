/** Called around work that keeps the thread busy for long. */
export interface BlockingListener {
  before(): void
  after(): void
}

let listener: BlockingListener | undefined
let depth = 0

/** Says who is told of work that keeps the thread busy; the returned function takes it back. */
export function onBlocking(told: BlockingListener): () => void {
  listener = told
  return () => void (listener = undefined)
}

/** Does work that may keep this thread busy for a minute, in which no event is heard: what waits is heard before, and the listener is told. Throws what `work` and the listener throw. */
export async function blocking<T>(work: () => T | Promise<T>): Promise<T> {
  const told = listener
  if (!told) return work()
  await new Promise(setImmediate)
  depth++
  try {
    if (depth === 1) told.before()
    return await work()
  } finally {
    if (--depth === 0) told.after()
  }
}
