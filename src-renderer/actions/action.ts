import type { Words } from '../text/en'

/** One thing a person can do. Menus, buttons, shortcut help and tests all read these records. */
export interface Action {
  id: string
  /** Its name in the language spoken now. */
  label(): string
  group: keyof Words['shortcuts']['groups']
  /** Shortcuts such as `Mod+O`, `Shift+ArrowLeft`, `B`; Mod is Ctrl, or Command on a Mac. */
  keys: string[]
  /** Whether it can be done now. */
  when(): boolean
  run(): void | Promise<void>
  /** Whether it is done again and again while its key is held. */
  repeats?: boolean
  /** Whether its keys are the system's own: it is run by what they bring about there, a paste, not by the keys. */
  native?: boolean
  /** For what lasts while its key or button is held: ends it. */
  release?(): void
}

/** Runs an action if it can be done now; answers whether it could. */
export function perform(action: Action): boolean {
  if (!action.when()) return false
  void action.run()
  return true
}
