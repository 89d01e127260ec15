import { describe, expect, test } from 'vitest'
import { digitsOf, fieldsOf, settingsFrom, validFor } from '../../src-renderer/enhance/schema'

const schema = {
  type: 'object',
  properties: {
    strength: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      multipleOf: 0.01,
      default: 0.8,
      title: 'Strength',
      description: 'How much.',
    },
    iterations: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
    keepNoise: { type: 'boolean', default: true },
    solver: { type: 'string', enum: ['mcem', 'peem'], default: 'peem' },
    note: { type: 'string' },
    nested: { type: 'object', properties: {} },
  },
}

describe('fieldsOf', () => {
  const fields = fieldsOf(schema)

  test('makes one control per property it can draw, in order', () => {
    expect(fields.map(({ name, kind }) => [name, kind])).toEqual([
      ['strength', 'number'],
      ['iterations', 'number'],
      ['keepNoise', 'switch'],
      ['solver', 'choice'],
      ['note', 'text'],
    ])
  })

  test('takes bounds, step, words and defaults from the schema', () => {
    expect(fields[0]).toMatchObject({
      title: 'Strength',
      description: 'How much.',
      minimum: 0,
      maximum: 1,
      step: 0.01,
      default: 0.8,
    })
    expect(fields[1]).toMatchObject({ title: 'Iterations', step: 1, integer: true, default: 50 })
    expect(fields[2]).toMatchObject({ title: 'Keep noise', default: true })
    expect(fields[3]).toMatchObject({ choices: ['mcem', 'peem'], default: 'peem' })
  })

  test('finds a step and an end where the schema names none', () => {
    const [open] = fieldsOf({ properties: { gain: { type: 'number', minimum: 0, maximum: 2 } } })
    expect(open).toMatchObject({ step: 0.01 })
    const [endless] = fieldsOf({
      properties: { count: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } },
    })
    expect(endless).toMatchObject({ maximum: 100 })
  })

  test('an empty schema has no controls', () => expect(fieldsOf({})).toEqual([]))
})

describe('settingsFrom', () => {
  const fields = fieldsOf(schema)

  test('keeps what is remembered and still valid, else takes the default', () => {
    const settings = settingsFrom(fields, { strength: 0.5, iterations: 4000, solver: 'gone', unknown: 1 })
    expect(settings).toEqual({ strength: 0.5, iterations: 50, keepNoise: true, solver: 'peem', note: '' })
  })

  test.each([
    [0, 1.01, false],
    [0, 0, true],
    [1, 2.5, false],
    [2, 'yes', false],
    [3, 'mcem', true],
  ])('field %i may be %s: %s', (index, value, valid) => expect(validFor(fields[index]!, value)).toBe(valid))
})

test.each([
  [1, 0],
  [0.1, 1],
  [0.01, 2],
  [10, 0],
])('a step of %f shows %i decimals', (step, digits) => expect(digitsOf(step)).toBe(digits))
