import type { PageMenu } from '@contract'
import { text } from '../text/text.svelte'
import type { Action } from './action'

/** What the desktop's menu shows of actions: each group under its name, without those that only a held key can do. `leaveOut` names actions that the menu has its own items for. */
export function menuOf(actions: readonly Action[], leaveOut: readonly string[] = []): PageMenu {
  return {
    words: { ...text.desktop },
    groups: Object.entries(text.shortcuts.groups).map(([id, title]) => ({
      ...{ id, title },
      items: actions
        .filter((action) => action.group === id && !action.release && !leaveOut.includes(action.id))
        .map((action) => ({
          ...{ id: action.id, label: action.label(), enabled: action.when() },
          ...(action.keys[0] ? { keys: action.keys[0] } : {}),
        })),
    })),
  }
}

/** Keeps the desktop's menu as the actions are, in the language spoken now, and does what is chosen there. Call it in a component; does nothing in a browser. */
export function followMenu(actions: readonly Action[], perform: (action: Action) => void) {
  let told = ''
  $effect(() => {
    const { desktop } = window
    if (!desktop?.setMenu) return
    const menu = menuOf(actions, ['open'])
    const now = JSON.stringify(menu)
    if (now === told) return
    told = now
    desktop.setMenu(menu)
  })
  $effect(() => {
    if (!window.desktop) return
    const choose = ({ source, data }: MessageEvent) => {
      const { type, id } = (data ?? {}) as { type?: unknown; id?: unknown }
      if (source !== window || type !== 'nagare:action') return
      const action = actions.find((each) => each.id === id)
      if (action) perform(action)
    }
    window.addEventListener('message', choose)
    return () => window.removeEventListener('message', choose)
  })
}
