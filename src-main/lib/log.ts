import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname } from 'node:path'
import { errorRecord } from './errors'

export type LogFields = Record<string, unknown>

export interface Log {
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export interface LogOptions {
  /** Size in bytes from which the file is put aside as `<file>.1`. */
  maxBytes?: number
  /** How many put-aside files are kept. */
  keep?: number
  /** The person's home folder, written as `~`. */
  home?: string
}

/** A log that keeps nothing. */
export const silent: Log = { info: () => {}, warn: () => {}, error: () => {} }

/**
 * A log of one JSON object per line in `file`, written at once so that the last line before a crash is there.
 * Rotates by size, names no home folder, and never throws: a full disk costs log lines, not work.
 */
export function openLog(file: string, { maxBytes = 1_000_000, keep = 3, home = homedir() }: LogOptions = {}): Log {
  const homeAsJson = JSON.stringify(home).slice(1, -1)
  const rotate = () => {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
    if (size < maxBytes) return
    rmSync(`${file}.${keep}`, { force: true })
    for (let i = keep - 1; i >= 0; i--) {
      const from = i === 0 ? file : `${file}.${i}`
      if (statSync(from, { throwIfNoEntry: false })) renameSync(from, `${file}.${i + 1}`)
    }
  }
  const write = (level: string, event: string, fields: LogFields = {}) => {
    try {
      const plain = JSON.stringify({ at: new Date().toISOString(), level, event, ...fields }, (_, value: unknown) =>
        value instanceof Error ? { ...errorRecord(value), stack: value.stack } : value,
      )
      const line = homeAsJson.length > 1 ? plain.replaceAll(homeAsJson, '~') : plain
      mkdirSync(dirname(file), { recursive: true })
      rotate()
      appendFileSync(file, line + '\n')
    } catch {
      return
    }
  }
  return {
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, fields) => write('error', event, fields),
  }
}
