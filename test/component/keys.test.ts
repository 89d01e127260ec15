import { describe, expect, test } from 'vitest'
import { allActions } from '../../src-renderer/actions/all'
import { ariaKeys, keyCaps, matches, takesKey } from '../../src-renderer/actions/keys'

const press = (key: string, held: Partial<Record<'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey', boolean>> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
})

describe('matches', () => {
  test.each([
    ['Mod+O', press('o', { ctrlKey: true }), false, true],
    ['Mod+O', press('o', { metaKey: true }), true, true],
    ['Mod+O', press('o', { ctrlKey: true }), true, false],
    ['B', press('b'), false, true],
    ['B', press('b', { ctrlKey: true }), false, false],
    ['B', press('B', { shiftKey: true }), false, false],
    ['Space', press(' '), false, true],
    ['?', press('?', { shiftKey: true }), false, true],
    ['+', press('+', { shiftKey: true }), false, true],
    ['-', press('-'), false, true],
    ['Mod+Shift+Z', press('Z', { ctrlKey: true, shiftKey: true }), false, true],
    ['Mod+Z', press('Z', { ctrlKey: true, shiftKey: true }), false, false],
    ['Shift+ArrowLeft', press('ArrowLeft', { shiftKey: true }), false, true],
    ['ArrowLeft', press('ArrowLeft', { shiftKey: true }), false, false],
  ])('%s', (keys, event, mac, expected) => expect(matches(keys, event, mac)).toBe(expected))
})

test('key caps and aria names', () => {
  expect(keyCaps('Mod+O', false)).toEqual(['Ctrl', 'O'])
  expect(keyCaps('Mod+O', true)).toEqual(['⌘', 'O'])
  expect(keyCaps('+', false)).toEqual(['+'])
  expect(ariaKeys(['Mod+E', '+'], false)).toBe('Control+E Plus')
  expect(ariaKeys([], false)).toBeUndefined()
})

test('fields keep their keys, buttons keep Space, and the rest goes to the shortcuts', () => {
  const field = document.createElement('input')
  const button = document.createElement('button')
  const slider = Object.assign(document.createElement('input'), { type: 'range' })
  expect(takesKey(field, press('b'))).toBe(true)
  expect(takesKey(field, press('o', { ctrlKey: true }))).toBe(false)
  expect(takesKey(field, press('z', { ctrlKey: true }))).toBe(true)
  expect(takesKey(button, press(' '))).toBe(true)
  expect(takesKey(button, press('b'))).toBe(false)
  expect(takesKey(slider, press('ArrowLeft'))).toBe(true)
  expect(takesKey(slider, press('b'))).toBe(false)
  expect(takesKey(document.body, press(' '))).toBe(false)
})

test('a held key moves on and back; it switches nothing on and off', () => {
  const repeated = allActions.filter(({ repeats }) => repeats)
  expect(repeated.filter(({ id }) => /^(gallery|mask)/.test(id)).map(({ id }) => id)).toEqual([
    ...['maskSmaller', 'maskLarger', 'maskDraw'],
    ...['galleryLeft', 'galleryRight', 'galleryUp', 'galleryDown'],
    ...['galleryLeftMore', 'galleryRightMore', 'galleryUpMore', 'galleryDownMore'],
    ...['galleryPageUp', 'galleryPageDown', 'galleryHome', 'galleryEnd'],
  ])
  expect(repeated.filter(({ id }) => !/^(gallery|mask)/.test(id)).map(({ id }) => id)).toEqual([
    ...['next', 'previous', 'undo', 'redo', 'back', 'forward', 'backFine', 'forwardFine', 'zoomIn', 'zoomOut'],
    ...['nextRegion', 'previousRegion', 'panLeft', 'panRight', 'panUp', 'panDown'],
    ...['dividerLeft', 'dividerRight', 'raiseLine', 'lowerLine'],
  ])
})

test('every action has a name and its own id, and no two share a key except where only one can be done', () => {
  expect(new Set(allActions.map(({ id }) => id)).size).toBe(allActions.length)
  for (const { label } of allActions) expect(label).not.toBe('')
  // A document is heard or seen, so that keys of sounds may be keys of pictures too.
  // All pictures together, and a mask that is drawn, are documents too, and come first while they are open.
  const others = ['gallery', 'masks']
  const shared = (...not: string[]) => {
    const keyed = new Map<string, string[]>()
    for (const { id, keys, group } of allActions)
      if (!not.includes(group)) for (const key of keys) keyed.set(key, [...(keyed.get(key) ?? []), id])
    return [...keyed].filter(([, ids]) => ids.length > 1)
  }
  expect(shared('picture', ...others)).toEqual([
    ['Escape', ['closeLibrary', 'cancel', 'clearLoop']],
    ['Delete', ['erase', 'remove']],
    ['3', ['noise', 'voice']],
  ])
  expect(shared('listen', 'edit', 'compare', ...others)).toEqual([['Escape', ['closeLibrary', 'cancel']]])
  const groups = [...new Set(allActions.map(({ group }) => group))]
  for (const own of others) expect(shared(...groups.filter((group) => group !== own))).toEqual([])
})
