import { describe, expect, it } from 'vitest'
import { calls, Settings, Source, withPatch } from '@contract'

describe('settings.set', () => {
  it('changes only what is named: a patch brings no defaults', () => {
    expect(calls['settings.set'].args.parse({ theme: 'dark' })).toEqual({ theme: 'dark' })
  })

  it('has a default for everything', () => {
    expect(Settings.parse({})).toEqual({
      device: 'auto',
      theme: 'system',
      language: 'system',
      exportFormat: 'wav-s16',
      tasks: {},
      models: {},
    })
  })

  it('changes settings and models task by task, and nothing by what is undefined', () => {
    const before = Settings.parse({
      tasks: { copy: { steps: 3, deaf: true } },
      models: { copy: 'basic', enhance: 'old' },
    })
    const patch = { device: undefined, tasks: { copy: { steps: 4 } }, models: { enhance: 'new' } }
    expect(withPatch(before, patch)).toEqual({
      ...before,
      tasks: { copy: { steps: 4 } },
      models: { copy: 'basic', enhance: 'new' },
    })
  })
})

describe('Source', () => {
  it('is one of path, upload, asset, and nothing mixed', () => {
    expect(Source.safeParse({ path: '/a.wav' }).success).toBe(true)
    expect(Source.safeParse({ path: '/a.wav', asset: 'a-1' }).success).toBe(false)
    expect(Source.safeParse({ upload: '../x', name: 'x.wav' }).success).toBe(false)
    expect(Source.safeParse({ asset: 'a/../b' }).success).toBe(false)
  })
})
