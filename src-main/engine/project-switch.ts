import { exitCodes } from './exit-codes'

/** What an engine tells its parent to have another project opened in its place. */
export const openProjectMessage = (folder: string) => ({ type: 'open-project', folder })

export interface ProjectSwitch {
  /** Takes an engine's wish for another project: `where.project` is it from now on. Answers whether the message was one. */
  asked(message: unknown): boolean
  /** An engine is ready: what it opened stays. */
  ready(): void
  /** An engine ended; where it could not open its project, the one before, or `where.otherwise`, comes back. Answers whether one did. */
  ended(code: number | null): boolean
}

/** Which project the next engine opens, as a parent keeps it in `where.project`. */
export function projectSwitch(where: { project: string; otherwise?: string }): ProjectSwitch {
  let before = where.otherwise
  return {
    asked(message) {
      const { type, folder } = (message ?? {}) as { type?: unknown; folder?: unknown }
      if (type !== 'open-project' || typeof folder !== 'string') return false
      before = where.project
      where.project = folder
      return true
    },
    ready() {
      before = undefined
    },
    ended(code) {
      const back = code === exitCodes.unopened && before !== where.project ? before : undefined
      before = undefined
      if (back !== undefined) where.project = back
      return back !== undefined
    },
  }
}
