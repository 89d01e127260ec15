import { NagareError } from '../lib/errors'
import type { Terminal } from './command'

/** Seconds as `1:05` or `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const shown = parts[0] ? parts : parts.slice(1)
  return shown.map((part, i) => (i ? String(part).padStart(2, '0') : String(part))).join(':')
}

/** Progress on stderr: one rewritten line on a screen, a line every ten seconds elsewhere. */
export function openTerminal(
  signal: AbortSignal,
  stream: NodeJS.WriteStream = process.stderr,
): Terminal & { clear(): void } {
  const live = stream.isTTY
  let phase = ''
  let startedAt = 0
  let startedDone = 0
  let shownAt = 0
  let drawn = false
  const clear = () => {
    if (drawn) stream.write('\r\x1b[K')
    drawn = false
  }
  return {
    signal,
    clear,
    progress({ phase: name, done, total, note }) {
      const now = performance.now()
      if (name !== phase) {
        phase = name
        startedAt = now
        startedDone = done
        shownAt = live ? 0 : now
      }
      const last = done >= total
      if (now - shownAt < (live ? 100 : 10_000) && !(live && last)) return
      shownAt = now
      const rate = (done - startedDone) / Math.max(1e-3, (now - startedAt) / 1000)
      const left = rate > 0 && !last ? `, ${duration((total - done) / rate)} left` : ''
      const percent = total > 0 ? `${Math.floor((100 * done) / total)} %` : ''
      const line = `${name} ${percent}${left}${note ? ` · ${note}` : ''}`
      if (live) {
        stream.write(`\r\x1b[K${line.slice(0, (stream.columns ?? 80) - 1)}`)
        drawn = true
      } else stream.write(`${line}\n`)
    },
    note(line) {
      clear()
      stream.write(`${line}\n`)
    },
    checkCancelled() {
      if (signal.aborted) throw new NagareError('cancelled', 'Stopped.')
    },
  }
}
