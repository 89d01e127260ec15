import { language, text } from './text.svelte'

const formats = new Map<string, Intl.NumberFormat>()

/** Writes numbers as the window's language does, with at most so many decimals. */
function number(digits: number): Intl.NumberFormat {
  const key = `${language()} ${digits}`
  const format = formats.get(key) ?? new Intl.NumberFormat(language(), { maximumFractionDigits: digits })
  formats.set(key, format)
  return format
}

/** A position in a recording: `1:05.3`, `1:02:03`; `digits` decimals of a second. */
export function clock(seconds: number, digits = 0): string {
  const scale = 10 ** digits
  const ticks = Math.max(0, Math.floor(seconds * scale + 1e-6))
  const whole = Math.floor(ticks / scale)
  const h = Math.floor(whole / 3600)
  const m = Math.floor(whole / 60) % 60
  const two = (value: number) => String(value).padStart(2, '0')
  const fraction = digits ? `.${String(ticks % scale).padStart(digits, '0')}` : ''
  return `${h ? `${h}:${two(m)}` : m}:${two(whole % 60)}${fraction}`
}

/** A time of day: `09:41`. */
export const timeOfDay = (when: string | number | Date) =>
  new Date(when).toLocaleTimeString(language(), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

/** Days before months in English too, so that no date is read as another. */
const dateLanguage = () => (language() === 'en' ? 'en-GB' : language())

/** A day and time: `30 Nov, 09:41`, with the year where it is not this one. */
export function dayAndTime(when: string | number | Date): string {
  const date = new Date(when)
  const year = date.getFullYear() === new Date().getFullYear() ? {} : { year: 'numeric' as const }
  const day = date.toLocaleDateString(dateLanguage(), {
    ...year,
    month: 'short',
    day: 'numeric',
  })
  return `${day} ${timeOfDay(date)}`
}

/** A stretch of time in words: `8 s`, `3 min`, `1 h 20 min`. */
export function span(seconds: number): string {
  if (seconds < 1) return text.units.seconds(number(1).format(seconds))
  if (seconds < 60) return text.units.seconds(String(Math.round(seconds)))
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? text.units.minutes(minutes) : text.units.hours(Math.floor(minutes / 60), minutes % 60)
}

/** A share from 0 to 1 in whole per cent, rounded down: `42 %`. */
export const percent = (share: number) => text.units.percent(String(Math.floor(share * 100)))

export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${number(value < 10 && unit ? 1 : 0).format(value)} ${units[unit]}`
}

/** A sample rate in kHz: `44.1 kHz`. */
export const rate = (hertz: number) => `${number(3).format(hertz / 1000)} kHz`

/** A number with at most `digits` decimals and a true minus sign. */
export const decimal = (value: number, digits = 1) => number(digits).format(value).replace('-', '−')

/** How many times faster than real time, from processing seconds per second of material. */
export const speedOf = (rtf: number) => decimal(1 / Math.max(rtf, 1e-6), rtf > 0.1 ? 1 : 0)

/** A level in LUFS, always with one decimal. */
export const lufs = (value: number) => `${value.toFixed(1).replace('-', '−')} LUFS`

/** A true peak in dBTP, always with one decimal; above full scale with its sign. */
export const dbtp = (value: number) => `${value > 0 ? '+' : ''}${value.toFixed(1).replace('-', '−')} dBTP`

/** A moment as a date and a time of day: `24 Nov 2026, 10:05`, in Japanese `2026/11/24 10:05`. */
export const momentOf = (date: Date) =>
  new Intl.DateTimeFormat(dateLanguage(), { dateStyle: 'medium', timeStyle: 'short' }).format(date)
