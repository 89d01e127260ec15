import { en, type Words } from './en'
import { ja } from './ja'

/** The languages the window speaks, each by its own name. */
export const languages = { en: 'English', ja: '日本語' } as const
export type Language = keyof typeof languages

export const dictionaries: Record<Language, Words> = { en, ja }

const spoken = $state({ language: 'en' as Language })
let asked: Language | undefined

/** The language that `text` speaks. */
export const language = (): Language => asked ?? spoken.language

export function speak(language: Language) {
  spoken.language = language
}

/** What `read` answers where `text` speaks another language meanwhile; `read` must be synchronous. */
export function inLanguage<T>(language: Language, read: () => T): T {
  const before = asked
  asked = language
  try {
    return read()
  } finally {
    asked = before
  }
}

/** The first of a person's languages, best first, that the window speaks; English where it speaks none. */
export const languageFor = (wanted: readonly string[]): Language =>
  wanted.map((tag) => tag.toLowerCase().split('-')[0]).find((tag): tag is Language => tag! in languages) ?? 'en'

/** Every sentence of the window in the language spoken now. Templates, `$derived` and functions that read it follow a change; constants of a module do not. */
export const text = Object.defineProperties(
  {},
  Object.fromEntries(
    (Object.keys(en) as (keyof Words)[]).map((topic) => [
      topic,
      { enumerable: true, get: () => dictionaries[language()][topic] },
    ]),
  ),
) as Words
