/** The sentence that screen readers speak next. */
export const live = $state({ text: '' })

export function say(text: string) {
  live.text = live.text === text ? `${text}\u00a0` : text
}
