import { expect, test } from 'vitest'
import { canRedo, canUndo, forget, record, redo, undo, type Step } from '../../src-renderer/history/history.svelte'

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
