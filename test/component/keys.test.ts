import { describe, expect, test } from 'vitest'
import { allActions, listedActions } from '../../src-renderer/actions/all'
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
    ...['next', 'previous', 'undo', 'redo', 'back', 'forward', 'backFine', 'forwardFine', 'slower', 'faster'],
    ...['nextMarker', 'previousMarker', 'zoomIn', 'zoomOut'],
    ...['nextRegion', 'previousRegion', 'panLeft', 'panRight', 'panUp', 'panDown'],
    ...['dividerLeft', 'dividerRight', 'raiseLine', 'lowerLine'],
  ])
})

test('every action has a name and its own id, and no two share a key except where only one can be done', () => {
  expect(new Set(allActions.map(({ id }) => id)).size).toBe(allActions.length)
  for (const { label } of allActions) expect(label).not.toBe('')
  // A sound, a picture, all pictures and a mask that is drawn are documents, of which one is open: each has keys of its own.
  const documents = {
    sound: ['listen', 'compare', 'edit'],
    picture: ['picture'],
    gallery: ['gallery'],
    masks: ['masks'],
  }
  const shared = (open: keyof typeof documents) => {
    const closed = Object.entries(documents).flatMap(([name, groups]) => (name === open ? [] : groups))
    const keyed = new Map<string, string[]>()
    for (const { id, keys, group } of allActions)
      if (!closed.includes(group)) for (const key of keys) keyed.set(key, [...(keyed.get(key) ?? []), id])
    return [...keyed].filter(([, ids]) => ids.length > 1)
  }
  // Results that stand side by side take the keys of one, and a blind test takes them all.
  expect(shared('sound')).toEqual([
    ['1', ['blindA', 'hear1', 'original']],
    ['2', ['blindB', 'hear2', 'result']],
    ['3', ['blindX', 'hear3', 'noise', 'voice']],
    ['Enter', ['nextTrial', 'run']],
    ['Escape', ['endTest', 'closeLibrary', 'cancel', 'clearLoop']],
    ['Delete', ['erase', 'remove']],
  ])
  expect(shared('picture')).toEqual([['Escape', ['closeLibrary', 'cancel']]])
  // What is open takes its keys before what is always there.
  for (const open of ['gallery', 'masks'] as const)
    for (const [key, ids] of shared(open)) {
      const groups = ids.map((id) => allActions.find((action) => action.id === id)!.group)
      expect([key, groups.filter((group) => group === open).length]).toEqual([key, 1])
      expect([key, groups.find((group) => group !== 'view')]).toEqual([key, open])
    }
})

test('every action is listed to be read, once', () => {
  const ids = listedActions.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.toSorted()).toEqual(allActions.map(({ id }) => id).toSorted())
})
