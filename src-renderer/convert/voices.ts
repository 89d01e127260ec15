import type { Pack } from '@contract'
import { text } from '../text/text.svelte'
import { clock } from '../text/format'

export type Voice = NonNullable<Pack['voices']>[number]

/** The task that this folder is about. */
export const convertTask = 'convert'

/** Settings that the voices' own controls set, and that a result says in its own words. */
export const voiceSettings: readonly string[] = ['to', 'from', 'blend', 'share', 'start', 'end']

/** Where the sample of voice `n` of a model is played from. */
export const sampleUrl = (pack: string, n: number) => `/packs/${encodeURIComponent(pack)}/voices/${n}`

/** Settings with voices that the model has: where it lacks the chosen one its first, and nobody in place of the others. */
export function withVoices(settings: Record<string, unknown>, voices: readonly Voice[]): Record<string, unknown> {
  const known = (name: unknown) =>
    voices.find((voice) => voice.name.toLowerCase() === String(name).toLowerCase())?.name ?? ''
  const to = known(settings.to) || (voices[0]?.name ?? '')
  const blend = known(settings.blend)
  return { ...settings, to, from: known(settings.from), blend: blend === to ? '' : blend }
}

const percent = (share: number) => Math.round(100 * share)

/** The voice of a result in words: `Ada`, or `60 % Ada, 40 % Ben`. */
export function voiceWords({ to, blend, share }: Record<string, unknown>): string {
  if (!blend) return String(to)
  const second = percent(Number(share))
  return text.convert.mixed(String(to), 100 - second, String(blend), second)
}

/** The stretch that was converted, as times on the ruler; empty for the whole recording. */
export function stretchWords({ start, end }: Record<string, unknown>): string {
  if (start == null && end == null) return ''
  const time = (seconds: unknown) => clock(Number(seconds), 1)
  return end == null ? text.convert.stretchFrom(time(start)) : text.convert.stretch(time(start ?? 0), time(end))
}
