import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ErrorRecord } from '../../../src-main/contract'
import { tasks } from '../../../src-main/tasks'
import { en } from '../../../src-renderer/text/en'
import { ja } from '../../../src-renderer/text/ja'

/** Every leaf of a dictionary by its path; what the engine itself says in English is not walked. */
function leaves(value: unknown, path = ''): [string, unknown][] {
  if (path === '.vocabulary') return []
  if (typeof value !== 'object' || value === null) return [[path, value]]
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`))
}

/** What a sentence says; functions are called with numbers or words, whichever they take. */
function said(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'function') throw new Error(`neither a sentence nor a function: ${String(value)}`)
  const answers = [0, 1, 2].map((count) => value(...Array.from({ length: value.length }, () => count)) as unknown)
  return answers.flat(2).map(String)
}

const english = new Map(leaves(en))
const japanese = new Map(leaves(ja))

describe('dictionaries', () => {
  it('have the same sentences', () => expect([...japanese.keys()].sort()).toEqual([...english.keys()].sort()))

  it.each([...english].filter(([, value]) => typeof value === 'function'))('%s takes the same in both', (path, value) =>
    expect(japanese.get(path)).toHaveLength((value as () => string).length),
  )

  it.each([
    ['English', english],
    ['Japanese', japanese],
  ])('%s leaves no sentence empty', (_language, dictionary) => {
    for (const [path, value] of dictionary)
      for (const sentence of said(value)) {
        expect(sentence.trim(), path).not.toBe('')
        expect(sentence, path).not.toMatch(/undefined|\[object/)
      }
  })

  it('speak plain English in the one and Japanese in the other', () => {
    const script = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u
    /** Names, figures and command lines, which are the same in both. */
    const alike = [...english].filter(([path, value]) => String(said(value)) === String(said(japanese.get(path))))
    expect(alike.filter(([, value]) => typeof value === 'string' && /[a-z] [a-z]/.test(value))).toEqual([])
    for (const [path, value] of english) for (const sentence of said(value)) expect(sentence, path).not.toMatch(script)
  })

  it('follow one style in Japanese: no space beside Japanese script, full-width punctuation', () => {
    const wrong =
      /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}ー] ?[,;!?()](?! ?\/)|[\p{Script=Hiragana}\p{Script=Han}]\.(?=\s|$)/u
    for (const [path, value] of japanese) for (const sentence of said(value)) expect(sentence, path).not.toMatch(wrong)
  })
})

describe('what the engine says', () => {
  const words = ja.vocabulary

  it.each(tasks.map((task) => [task.id, task] as const))('of the task %s is said in Japanese', (id, task) => {
    const schema = z.toJSONSchema(task.settings, { io: 'input' }) as {
      properties: Record<string, { enum?: string[] }>
    }
    expect(words.tasks[id]).toMatchObject({ label: expect.any(String), description: expect.any(String) })
    expect(Object.keys(words.tasks[id]!.settings).sort()).toEqual(Object.keys(schema.properties).sort())
    for (const [name, { enum: choices }] of Object.entries(schema.properties))
      if (choices)
        expect(Object.keys(words.tasks[id]!.settings[name]!.choices!)).toEqual(expect.arrayContaining(choices))
  })

  it('of phases and errors too', () => {
    const root = resolve(import.meta.dirname, '../../../src-main/tasks')
    const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
    const phases = sources.flatMap((name) =>
      [...readFileSync(join(root, name), 'utf8').matchAll(/phase: '([^']+)'/g)].map((match) => match[1]!),
    )
    expect(phases.length).toBeGreaterThan(5)
    expect(Object.keys(words.phases)).toEqual(expect.arrayContaining([...new Set(phases)]))
    expect(Object.keys(words.errors).sort()).toEqual([...ErrorRecord.shape.code.options].sort())
  })
})
