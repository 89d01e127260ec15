import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSettings } from '../../../src-main/engine/settings-store'
import { silent } from '../../../src-main/lib/log'
import { tempFolder } from '../../helpers/folder'

async function saved(text?: string) {
  const file = join(await tempFolder(), 'settings.json')
  if (text !== undefined) await writeFile(file, text)
  return { file, store: await openSettings(file, silent) }
}

const defaults = { device: 'auto', theme: 'system', language: 'system', exportFormat: 'wav-s16', tasks: {}, models: {} }

describe('the settings', () => {
  it('have defaults until something is changed, and keep what was', async () => {
    const { file, store } = await saved()
    expect(store.get()).toEqual(defaults)
    const changed = await store.change({ theme: 'dark', models: { enhance: 'speech' } })
    expect(changed).toEqual({ ...defaults, theme: 'dark', models: { enhance: 'speech' } })
    expect((await openSettings(file, silent)).get()).toEqual(changed)
  })

  it('are changed at once by many, each for its own task', async () => {
    const { file, store } = await saved()
    await Promise.all([
      store.change({ models: { enhance: 'speech' } }),
      store.change({ models: { convert: 'six-voices' } }),
      store.change({ tasks: { convert: { to: 'Ada' } } }),
      store.change({ models: { convert: 'my voices' } }),
    ])
    const { tasks, models } = (await openSettings(file, silent)).get()
    expect(tasks).toEqual({ convert: { to: 'Ada' } })
    expect(models).toEqual({ enhance: 'speech', convert: 'my voices' })
  })

  it('of a Nagare that remembered no models are kept', async () => {
    const { store } = await saved('{"device":"webgpu","theme":"dark","tasks":{"copy":{"steps":3}}}')
    expect(store.get()).toEqual({ ...defaults, device: 'webgpu', theme: 'dark', tasks: { copy: { steps: 3 } } })
  })

  it.each(['{"theme":"dar', '{"theme":"plaid"}', '{"models":{"copy":7}}', '[]'])(
    'that are broken (%s) are kept aside',
    async (text) => {
      const { file, store } = await saved(text)
      expect(store.get()).toEqual(defaults)
      expect(await readFile(`${file}.broken`, 'utf8')).toBe(text)
    },
  )
})
