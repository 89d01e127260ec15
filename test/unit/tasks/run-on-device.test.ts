import { expect, it } from 'vitest'
import { NagareError } from '../../../src-main/lib/errors'
import { runOnDevice, type DeviceUse, type RunOnDeviceOptions } from '../../../src-main/tasks/run-on-device'
import type { TaskContext } from '../../../src-main/tasks/task'

/** Runs a task that answers with `behave(device)` on a device that `open` opens. */
async function attempt(
  behave: (context: TaskContext<unknown>) => void,
  open: NonNullable<RunOnDeviceOptions['open']> = async (id) => ({ id }),
  more: Partial<TaskContext<unknown>> = {},
) {
  const uses: DeviceUse[] = []
  const ran: string[] = []
  const context: TaskContext<unknown> = {
    ...{ source: '', sourceName: '', settings: {}, pack: '', device: 'webgpu', seed: 1 },
    output: (role) => role,
    progress: () => {},
    checkCancelled: () => {},
    ...more,
  }
  const task = {
    async run(given: TaskContext<unknown>) {
      ran.push(given.device)
      behave(given)
      return [{ role: 'out', file: '', name: given.device }]
    },
  }
  const ended = await runOnDevice(task, context, { used: (use) => uses.push(use), open }).then(
    (outputs) => outputs[0]!.name,
    (thrown: NagareError) => thrown.message,
  )
  return { ended, uses, ran }
}

const fail = (more: { device?: string } = {}) => {
  throw new NagareError('unavailable', 'Card was lost.', more)
}

it('tells the device that `auto` is, before the task computes on it', async () => {
  const found = await attempt(
    () => {},
    async () => ({ id: 'webgpu' }),
    { device: 'auto' },
  )
  expect(found).toEqual({ ended: 'webgpu', uses: [{ device: 'webgpu', fallback: null }], ran: ['webgpu'] })
})

it('runs on the processor where the device cannot be opened', async () => {
  const found = await attempt(
    () => {},
    async (_, { fallback }) => {
      fallback('No card.')
      return { id: 'cpu' }
    },
  )
  expect(found).toEqual({ ended: 'cpu', uses: [{ device: 'cpu', fallback: 'No card.' }], ran: ['cpu'] })
})

it('starts anew on the processor, once, where the device fails on the way', async () => {
  const found = await attempt(({ device }) => device === 'webgpu' && fail({ device }))
  expect(found.ran).toEqual(['webgpu', 'cpu'])
  expect(found.uses).toEqual([
    { device: 'webgpu', fallback: null },
    { device: 'cpu', fallback: 'Card was lost. Started anew on the processor.' },
  ])
  const twice = await attempt(() => fail({ device: 'webgpu' }))
  expect(twice).toMatchObject({ ended: 'Card was lost.', ran: ['webgpu', 'cpu'] })
})

it.each([
  ['bad input', () => fail()],
  [
    'a program error',
    () => {
      throw new Error('odd')
    },
  ],
])('does not start anew for %s', async (_, behave) => {
  expect((await attempt(behave)).ran).toEqual(['webgpu'])
})

it('does not start anew when the person stopped it meanwhile', async () => {
  let stopped = false
  const found = await attempt(
    ({ device }) => {
      stopped = true
      fail({ device })
    },
    undefined,
    {
      checkCancelled() {
        if (stopped) throw new NagareError('cancelled', 'Stopped.')
      },
    },
  )
  expect(found).toMatchObject({ ended: 'Stopped.', ran: ['webgpu'], uses: [{ fallback: null }] })
})

it('tells it too where the task itself finds the device gone', async () => {
  const found = await attempt(({ fallback }) => fallback!('Gone since.'))
  expect(found.uses.at(-1)).toEqual({ device: 'cpu', fallback: 'Gone since.' })
})
