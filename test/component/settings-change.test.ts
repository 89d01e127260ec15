import { Settings, withPatch } from '../../src-main/contract'
import { applyEvent, project, showSettings } from '../../src-renderer/state/project.svelte'
import { expect, test } from 'vitest'

const first = Settings.parse({})
const tell = (settings: Settings) => applyEvent({ event: 'settings.changed', data: { settings } })

function answered() {
  let answer!: (settings: Settings) => void
  let fail!: (error: Error) => void
  const keeping = new Promise<Settings>((resolve, reject) => ([answer, fail] = [resolve, reject]))
  return { keeping, answer, fail }
}

test('a change is in force at once, and stays so while earlier ones are answered', async () => {
  tell(first)
  const [grey, classic] = [answered(), answered()]
  const one = showSettings({ heatColours: 'grey' }, grey.keeping)
  expect(project.settings.heatColours).toBe('grey')
  const two = showSettings({ heatColours: 'classic' }, classic.keeping)
  expect(project.settings.heatColours).toBe('classic')
  tell(withPatch(first, { heatColours: 'grey' }))
  grey.answer(withPatch(first, { heatColours: 'grey' }))
  await one
  expect(project.settings.heatColours).toBe('classic')
  classic.answer(withPatch(first, { heatColours: 'classic' }))
  await two
  expect(project.settings.heatColours).toBe('classic')
})

test('what is not kept is taken back, and nothing else', async () => {
  tell(first)
  const [theme, colours] = [answered(), answered()]
  const one = showSettings({ theme: 'dark' }, theme.keeping)
  const two = showSettings({ heatColours: 'lagoon' }, colours.keeping)
  theme.fail(new Error('The disk is full.'))
  await expect(one).rejects.toThrow('The disk is full.')
  expect(project.settings).toMatchObject({ theme: first.theme, heatColours: 'lagoon' })
  colours.answer(withPatch(first, { heatColours: 'lagoon' }))
  await two
  tell(first)
  expect(project.settings.heatColours).toBe(first.heatColours)
})
