import type { ParseArgsConfig } from 'node:util'
import { NagareError } from '../lib/errors'

/** What a command may say and ask while it runs. */
export interface Terminal {
  progress(progress: { phase: string; done: number; total: number; note?: string }): void
  /** One line for people, on stderr. */
  note(line: string): void
  /** Throws `cancelled` after Ctrl+C. */
  checkCancelled(): void
  readonly signal: AbortSignal
}

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>

export interface Arguments {
  values: Values
  positionals: string[]
}

/** What a command found or made: `json` for scripts, `text` for people. */
export interface Outcome {
  json: Record<string, unknown>
  text: string
  /** Set where part of what was asked could not be done: told after the rest. */
  failure?: NagareError
}

export interface Command {
  name: string
  usage: string
  summary: string
  /** A line on each argument and option. */
  help?: Record<string, string>
  /** Most words it takes besides options; any number if left out. */
  words?: number
  options?: NonNullable<ParseArgsConfig['options']>
  /** undefined where the command has said all there is to say. */
  run(args: Arguments, terminal: Terminal): Promise<Outcome | undefined>
}

/** Options that every command takes. */
export const commonOptions = {
  device: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies NonNullable<ParseArgsConfig['options']>

export const text = (values: Values, name: string): string | undefined => {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

/** A required text option; throws `bad-input` naming it. */
export function needed(values: Values, name: string, usage: string): string {
  const value = text(values, name)
  if (value) return value
  throw new NagareError('bad-input', `--${name} is missing.`, { hint: `Usage: ${usage}` })
}

/** A text option that may be given several times; throws `bad-input` when it is missing. */
export function several(values: Values, name: string, usage: string): string[] {
  const value = values[name]
  if (Array.isArray(value) && value.length > 0) return value.map(String)
  throw new NagareError('bad-input', `--${name} is missing.`, { hint: `Usage: ${usage}` })
}

/** A number option within bounds; undefined when left out. */
export function number(
  values: Values,
  name: string,
  bounds: { min: number; max: number; integer?: boolean },
): number | undefined {
  const given = text(values, name)
  if (given === undefined) return undefined
  const value = Number(given)
  const fits =
    given.trim() !== '' && value >= bounds.min && value <= bounds.max && (!bounds.integer || Number.isInteger(value))
  if (fits) return value
  const what = bounds.integer ? 'a whole number' : 'a number'
  throw new NagareError('bad-input', `--${name} must be ${what} from ${bounds.min} to ${bounds.max}, got ${given}.`)
}

/** An option that is one of `choices`; undefined when left out. */
export function oneOf<T extends string>(values: Values, name: string, choices: readonly T[]): T | undefined {
  const given = text(values, name)
  if (given === undefined) return undefined
  const found = choices.find((choice) => choice === given)
  if (found) return found
  throw new NagareError('bad-input', `--${name} must be one of ${choices.join(', ')}, got ${given}.`)
}

export const seedOf = (values: Values) => number(values, 'seed', { min: 0, max: 2 ** 31 - 1, integer: true }) ?? 0

/** `--set key=value` pairs as a record. */
export function pairs(values: Values): Record<string, string> {
  const given = values['set']
  const list = Array.isArray(given) ? given.map(String) : []
  return Object.fromEntries(
    list.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new NagareError('bad-input', `--set takes key=value, got ${pair}.`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
