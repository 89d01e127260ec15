import type { Settings } from '@contract'

/** The theme on screen. */
export const look = $state({ theme: 'dark' as 'light' | 'dark' })

/** Shows a theme, and follows the system where the person wants that. Answers how to stop. */
export function applyTheme(theme: Settings['theme']): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const apply = () => {
    look.theme = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme
    document.documentElement.dataset.theme = look.theme
  }
  apply()
  dark.addEventListener('change', apply)
  return () => dark.removeEventListener('change', apply)
}
