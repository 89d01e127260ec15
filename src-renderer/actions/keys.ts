import type { Action } from './action'

/** The part of a KeyboardEvent that shortcuts look at. */
export interface Chord {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  shiftKey: boolean
  altKey: boolean
}

export const isMac = () => /Mac|iPhone|iPad/.test(navigator.platform)

const modifiers = new Set(['Mod', 'Shift', 'Alt'])

/** Whether a key press is the shortcut `keys`, e.g. `Mod+Shift+Z`. Characters such as `?` and `+` match however they are typed. */
export function matches(keys: string, event: Chord, mac: boolean): boolean {
  const parts =
    keys.length > 1 && keys.endsWith('+') ? [...keys.slice(0, -1).split('+').filter(Boolean), '+'] : keys.split('+')
  const named = keys === '+' ? ['+'] : parts
  const key = named.at(-1)!
  const wants = (name: string) => named.slice(0, -1).some((part) => part === name && modifiers.has(part))
  const mod = mac ? event.metaKey : event.ctrlKey
  const other = mac ? event.ctrlKey : event.metaKey
  if (mod !== wants('Mod') || other || event.altKey !== wants('Alt')) return false
  const typed = event.key === ' ' ? 'Space' : event.key
  const letter = key.length > 1 || /[a-z]/i.test(key)
  if (letter && event.shiftKey !== wants('Shift')) return false
  return typed.toLowerCase() === key.toLowerCase()
}

const symbols: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  '-': '−',
}

/** A shortcut as its key caps: `['Ctrl', 'O']`, `['⌘', 'O']`. */
export function keyCaps(keys: string, mac: boolean): string[] {
  const parts = keys === '+' ? ['+'] : keys.split('+')
  const names: Record<string, string> = mac ? { Mod: '⌘', Shift: '⇧', Alt: '⌥' } : { Mod: 'Ctrl' }
  return parts.map((part) => names[part] ?? symbols[part] ?? part)
}

/** A shortcut in the form that `aria-keyshortcuts` wants. */
export const ariaKeys = (keys: string[], mac: boolean) =>
  keys.map((each) => each.replace('Mod', mac ? 'Meta' : 'Control').replace(/^\+$/, 'Plus')).join(' ') || undefined

/** Whether what has the focus uses keys itself: fields take all plain keys, buttons take Space and Enter. */
export function takesKey(target: EventTarget | null, event: Chord): boolean {
  if (!(target instanceof HTMLElement)) return false
  const field = target.matches(
    'input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable=true]',
  )
  if (field) return !(event.ctrlKey || event.metaKey) || /^[zyacvx]$/i.test(event.key)
  const presses = event.key === ' ' || event.key === 'Enter'
  if (presses && target.matches('button, a[href], summary, [role=tab], input')) return true
  const moves = /^(Arrow|Home|End|Page)/.test(event.key) || event.key === '+' || event.key === '-'
  return moves && target.matches('input, [role=tab], [role=radio]')
}

/** The first action whose shortcut was pressed and that can be done now. */
export const actionFor = (actions: readonly Action[], event: Chord, mac: boolean) =>
  actions.find((action) => action.keys.some((keys) => matches(keys, event, mac)) && action.when())
