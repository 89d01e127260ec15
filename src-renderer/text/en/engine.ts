import type { ErrorRecord } from '@contract'

/** What the engine says in fixed words, in the language of a dictionary. What is not listed is shown in the engine's own English. */
export interface EngineWords {
  /** By task: its name, what it does, and its settings by property. */
  tasks: Record<string, { label: string; description: string; settings: Record<string, SettingWords> }>
  /** What a running job is at, by the engine's English. */
  phases: Record<string, string>
  /** What is the matter, by error code; the engine's own message follows it as detail. */
  errors: Partial<Record<ErrorRecord['code'], string>>
}

export interface SettingWords {
  title: string
  description: string
  /** Its choices by value. */
  choices?: Record<string, string>
}

/** The engine speaks English, so nothing is left to say here. */
export const engine: { vocabulary: EngineWords } = { vocabulary: { tasks: {}, phases: {}, errors: {} } }
