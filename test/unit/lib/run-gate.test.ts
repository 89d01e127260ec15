import { expect, test } from 'vitest'
import { createRunGate, terminateBehindGate, throughGate, useRunGate } from '../../../src-main/lib/run-gate'

test('a thread is terminated only between device calls', async () => {
  const gate = createRunGate()
  useRunGate(gate)
  const events: string[] = []
  let finish = () => {}
  const call = throughGate(() => new Promise<string>((resolve) => (finish = () => resolve('result'))))
  const terminated = terminateBehindGate({ terminate: async () => events.push('terminated') }, gate)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(events).toEqual([])
  finish()
  expect(await call).toBe('result')
  events.push('call done')
  await terminated
  expect(events).toEqual(['call done', 'terminated'])
})

test('a failed call opens the gate again', async () => {
  const gate = createRunGate()
  useRunGate(gate)
  await expect(throughGate(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  expect(await throughGate(async () => 1)).toBe(1)
  expect(await terminateBehindGate({ terminate: async () => 7 }, gate)).toBe(7)
})
