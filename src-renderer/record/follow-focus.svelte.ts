import { recorder } from './recorder.svelte'

/** Keeps the focus of people who work by keys where the record bar comes or goes with what has it: its main button gets it, at the end the document. */
export function followFocus() {
  let hadFocus = false
  $effect.pre(() => {
    void recorder.shown
    hadFocus = document.querySelector(':focus-visible') !== null
  })
  $effect(() => {
    const next = recorder.shown ? '#record' : '#document'
    if (hadFocus && document.activeElement === document.body) document.querySelector<HTMLElement>(next)?.focus()
  })
}
