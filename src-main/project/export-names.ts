import { fillPattern } from '@contract'
import { NagareError } from '../lib/errors'
import { stem } from '../lib/names'
import { safeFileName, uniqueName } from './names'

/** What a naming pattern may hold, by its words in braces. */
export interface NameFacts {
  /** Name of the source, without ending. */
  name: string
  /** What made it, e.g. `enhance`; `original` for a source. */
  task: string
  /** Name of the model; empty for a source. */
  model: string
  /** Day on which it was made, `2026-11-29`. */
  date: string
}

const words = ['name', 'task', 'model', 'n', 'date'] as const

/**
 * File names for a batch by a pattern such as `{name} ({task}, {model}) {n}`, each with its ending: characters that file names cannot hold become `_`,
 * and a name that was given before gets a number. `{n}` counts from 1, with as many digits as the last. Throws `bad-input` for other words in braces.
 */
export function exportNames(pattern: string, all: readonly NameFacts[], ending: string): string[] {
  const wrong = [...pattern.matchAll(/\{([^{}]*)\}/g)].find(([, word]) => !(words as readonly string[]).includes(word!))
  if (wrong)
    throw new NagareError('bad-input', `The naming pattern holds ${wrong[0]}, which means nothing.`, {
      hint: `Use ${words.map((word) => `{${word}}`).join(', ')}.`,
    })
  const digits = String(all.length).length
  const taken: string[] = []
  for (const [i, facts] of all.entries()) {
    const values = { ...facts, name: stem(facts.name), n: String(i + 1).padStart(digits, '0') }
    taken.push(uniqueName(safeFileName(`${fillPattern(pattern, values) || values.name}${ending}`), taken))
  }
  return taken
}
