/** One control of a task's settings, read from its JSON Schema; `names` are what choices are called, where not by their value. */
export type Field = {
  name: string
  title: string
  description: string
  advanced: boolean
  names?: Record<string, string> | undefined
} & (
  | { kind: 'number'; minimum: number; maximum: number; step: number; integer: boolean; default: number }
  | { kind: 'switch'; default: boolean }
  | { kind: 'choice'; choices: string[]; default: string }
  | { kind: 'text'; default: string }
)

interface Property {
  type?: string
  title?: string
  description?: string
  default?: unknown
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  multipleOf?: number
  enum?: unknown[]
  advanced?: boolean
}

const words = (name: string) => {
  const spaced = name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}

/** A step that cuts the range into about a hundred: 1, 0.1, 0.01 … */
const stepFor = (low: number, high: number) => 10 ** Math.floor(Math.log10(Math.max(high - low, 1e-6) / 50))

/** The controls of a JSON Schema object, in its order; properties of kinds that have no control are left out. */
export function fieldsOf(schema: Record<string, unknown>): Field[] {
  const properties = (schema.properties ?? {}) as Record<string, Property>
  return Object.entries(properties).flatMap(([name, property]): Field[] => {
    const base = {
      name,
      title: property.title ?? words(name),
      description: property.description ?? '',
      advanced: property.advanced === true,
    }
    if (property.enum?.length) {
      const choices = property.enum.map(String)
      return [{ ...base, kind: 'choice', choices, default: String(property.default ?? choices[0]) }]
    }
    if (property.type === 'boolean') return [{ ...base, kind: 'switch', default: property.default === true }]
    if (property.type === 'string') return [{ ...base, kind: 'text', default: String(property.default ?? '') }]
    if (property.type !== 'number' && property.type !== 'integer') return []
    const integer = property.type === 'integer'
    const minimum = property.minimum ?? property.exclusiveMinimum ?? 0
    const bounded = property.maximum !== undefined && Math.abs(property.maximum) < Number.MAX_SAFE_INTEGER
    const maximum = bounded ? property.maximum! : Math.max(100, minimum * 10)
    const step = property.multipleOf ?? (integer ? 1 : stepFor(minimum, maximum))
    return [{ ...base, kind: 'number', minimum, maximum, step, integer, default: Number(property.default ?? minimum) }]
  })
}

/** Whether a task can work on a stretch of its source, from `start` to `end` seconds, rather than on all of it. */
export const takesStretch = ({ properties }: Record<string, unknown>): boolean =>
  typeof properties === 'object' && properties !== null && 'start' in properties && 'end' in properties

/** Settings for every field: what was remembered where it is still valid, else the default. */
export function settingsFrom(
  fields: readonly Field[],
  remembered: Record<string, unknown> = {},
): Record<string, unknown> {
  return Object.fromEntries(
    fields.map((field) => [
      field.name,
      validFor(field, remembered[field.name]) ? remembered[field.name] : field.default,
    ]),
  )
}

/** Whether a value may stand for a field. */
export function validFor(field: Field, value: unknown): boolean {
  if (field.kind === 'number')
    return (
      typeof value === 'number' &&
      value >= field.minimum &&
      value <= field.maximum &&
      (!field.integer || Number.isInteger(value))
    )
  if (field.kind === 'switch') return typeof value === 'boolean'
  if (field.kind === 'choice') return field.choices.includes(String(value))
  return typeof value === 'string'
}

/** Decimals that a number field shows. */
export const digitsOf = (step: number) => Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9)))
