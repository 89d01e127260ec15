type Dispose = () => void

/** Owns listeners, timers and other scopes; disposing it ends them all, last in first out. */
export interface Scope {
  readonly disposed: boolean
  /** Runs `dispose` when the scope ends, or at once when it already has. */
  add(dispose: Dispose): void
  /** Listens on a Node emitter until the scope ends. */
  on<E extends string>(emitter: EmitterLike<E>, event: E, listener: (...args: never[]) => void): void
  /** Runs `work` once after `milliseconds` unless the scope ended; answers a way to call it off. */
  after(milliseconds: number, work: () => void): Dispose
  /** A scope that ends with this one, or before it. */
  child(): Scope
  dispose(): void
}

export interface EmitterLike<E extends string = string> {
  on(event: E, listener: (...args: never[]) => void): unknown
  off(event: E, listener: (...args: never[]) => void): unknown
}

/** A new scope. Every owned ending runs even when one throws; the first error is thrown afterwards. */
export function scope(): Scope {
  const owned = new Set<Dispose>()
  let disposed = false

  const add = (dispose: Dispose) => {
    if (disposed) dispose()
    else owned.add(dispose)
  }
  return {
    get disposed() {
      return disposed
    },
    add,
    on(emitter, event, listener) {
      if (disposed) return
      emitter.on(event, listener)
      add(() => emitter.off(event, listener))
    },
    after(milliseconds, work) {
      const stop = () => {
        clearTimeout(timer)
        owned.delete(stop)
      }
      const timer = setTimeout(() => {
        owned.delete(stop)
        work()
      }, milliseconds)
      add(stop)
      return stop
    },
    child() {
      const inner = scope()
      const end = () => inner.dispose()
      add(end)
      inner.add(() => owned.delete(end))
      return inner
    },
    dispose() {
      if (disposed) return
      disposed = true
      const errors: unknown[] = []
      for (const dispose of [...owned].reverse())
        try {
          dispose()
        } catch (thrown) {
          errors.push(thrown)
        }
      owned.clear()
      if (errors.length > 0) throw errors[0]
    },
  }
}
