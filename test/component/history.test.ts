import { expect, test } from 'vitest'
import {
  canRedo,
  canUndo,
  doStep,
  forget,
  record,
  redo,
  undo,
  type Step,
} from '../../src-renderer/history/history.svelte'

function counter() {
  const value = { now: 0 }
  const add = (by: number): Step => ({
    label: `add ${by}`,
    undo: () => void (value.now -= by),
    redo: () => void (value.now += by),
  })
  const run = (by: number) => {
    const step = add(by)
    void step.redo()
    record(step)
    return step
  }
  return { value, run }
}

test('steps are taken back and done again in order; a new step drops what was undone', async () => {
  const { value, run } = counter()
  run(1)
  run(10)
  await undo()
  expect(value.now).toBe(1)
  await redo()
  expect(value.now).toBe(11)
  await undo()
  run(100)
  expect(canRedo()).toBe(false)
  expect((await undo())?.label).toBe('add 100')
  await undo()
  expect(value.now).toBe(0)
  expect(canUndo()).toBe(false)
  expect(await undo()).toBeUndefined()
})

test('a forgotten step can no longer be taken back', async () => {
  const { value, run } = counter()
  run(1)
  forget(run(10))
  await undo()
  expect(value.now).toBe(10)
  expect(canUndo()).toBe(false)
})

test('steps about a document that is not shown are passed over, and what is older is taken back last', async () => {
  const { value, run } = counter()
  const about = (id: string, by: number) => {
    const step: Step = {
      ...{ label: `${id} ${by}`, about: id },
      undo: () => void (value.now -= by),
      redo: () => void (value.now += by),
    }
    void step.redo()
    return step
  }
  record(about('a', 1))
  record(about('b', 10))
  run(100)
  expect((await undo('a'))?.label).toBe('add 100')
  expect((await undo('a'))?.label).toBe('a 1')
  expect([canUndo('a'), canUndo('b'), canRedo('a'), canRedo('b')]).toEqual([false, true, true, true])
  const older = about('a', 1000)
  expect((await undo('a', older))?.label).toBe('a 1000')
  expect(value.now).toBe(10)
  for (const label of ['a 1000', 'a 1', 'add 100']) expect((await redo('a'))?.label).toBe(label)
  expect(value.now).toBe(1111)
  expect(await redo('a')).toBeUndefined()
  for (const label of ['add 100', 'b 10']) expect((await undo('b'))?.label).toBe(label)
})

test('a key that follows at once waits for its turn', async () => {
  const told: string[] = []
  let finish = () => {}
  const slow: Step = {
    label: 'slow',
    undo: () => new Promise<void>((resolve) => (finish = () => (told.push('undone'), resolve()))),
    redo: () => void told.push('done again'),
  }
  record(slow)
  const back = undo()
  expect([canUndo(), canRedo()]).toEqual([false, true])
  const again = redo()
  expect([canUndo(), canRedo()]).toEqual([true, false])
  await Promise.resolve()
  expect(told).toEqual([])
  finish()
  await Promise.all([back, again])
  expect(told).toEqual(['undone', 'done again'])
  forget(slow)
})

test('what is being done can be taken back already, and is once it is done; what fails is nothing to take back', async () => {
  const told: string[] = []
  let finish = () => {}
  const doing = doStep({
    label: 'slow',
    undo: () => void told.push('undone'),
    redo: () => new Promise<void>((resolve) => (finish = () => (told.push('done'), resolve()))),
  })
  const back = undo()
  expect([canUndo(), canRedo()]).toEqual([false, true])
  await Promise.resolve()
  finish()
  await Promise.all([doing, back])
  expect(told).toEqual(['done', 'undone'])

  const failing = doStep({ label: 'fails', undo: () => {}, redo: () => Promise.reject(new Error('no')) })
  await expect(failing).rejects.toThrow('no')
  expect([canUndo(), canRedo()]).toEqual([false, false])
})

test('a step that cannot be taken back is forgotten', async () => {
  record({ label: 'broken', undo: () => Promise.reject(new Error('no')), redo: () => {} })
  await expect(undo()).rejects.toThrow('no')
  expect(canUndo()).toBe(false)
  expect(canRedo()).toBe(false)
})
