import { text } from '../text/text.svelte'

/** What a recording begun at `when` is called: `Recording 2026-11-24 09.05.wav`. */
export function recordingName(when: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`
  return text.record.fileName(`${day} ${two(when.getHours())}.${two(when.getMinutes())}`)
}
