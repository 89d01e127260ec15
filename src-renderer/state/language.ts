import type { Settings } from '@contract'
import { languageFor, speak } from '../text/text.svelte'

const key = 'nagare.language'

/** Speaks a language, and follows the system where the person wants that. Answers how to stop. */
export function applyLanguage(setting: Settings['language']): () => void {
  const apply = () => {
    const language = setting === 'system' ? languageFor(navigator.languages) : setting
    speak(language)
    document.documentElement.lang = language
  }
  apply()
  localStorage.setItem(key, setting)
  window.addEventListener('languagechange', apply)
  return () => window.removeEventListener('languagechange', apply)
}

/** Speaks the language that this page spoke last, until the settings have come. */
export function applyRemembered() {
  const last = localStorage.getItem(key)
  applyLanguage(last === 'en' || last === 'ja' ? last : 'system')()
}
