import { expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import type { Job } from '@contract'
import HeardSwitch from '../../src-renderer/audio/HeardSwitch.svelte'
import { fieldsOf } from '../../src-renderer/enhance/schema'
import RunProgress from '../../src-renderer/enhance/RunProgress.svelte'
import SettingControl from '../../src-renderer/enhance/SettingControl.svelte'
import QueueRow from '../../src-renderer/queue/QueueRow.svelte'

const [strength, iterations, keep, solver] = fieldsOf({
  properties: {
    strength: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      multipleOf: 0.01,
      default: 1,
      title: 'Strength',
      description: 'How much.',
    },
    iterations: { type: 'integer', minimum: 1, maximum: 200, default: 50, title: 'Iterations' },
    keep: { type: 'boolean', default: true, title: 'Keep the noise' },
    solver: { type: 'string', enum: ['mcem', 'peem'], title: 'Solver' },
  },
})

test('a number has a slider and a box that agree', async () => {
  const onchange = vi.fn()
  const screen = await render(SettingControl, { field: strength!, value: 0.8, onchange })
  const slider = page.getByRole('slider', { name: 'Strength' })
  await expect.element(slider).toHaveAttribute('max', '1')
  await expect.element(slider).toHaveAccessibleDescription('How much.')
  await screen.getByRole('spinbutton', { name: 'Strength' }).fill('0.25')
  await userEvent.tab()
  expect(onchange).toHaveBeenLastCalledWith(0.25)
})

test('a number outside its bounds is brought inside, and an integer rounded', async () => {
  const onchange = vi.fn()
  const screen = await render(SettingControl, { field: iterations!, value: 50, onchange })
  const box = screen.getByRole('spinbutton', { name: 'Iterations' })
  await box.fill('5000')
  await userEvent.tab()
  expect(onchange).toHaveBeenLastCalledWith(200)
  await box.fill('7.6')
  await userEvent.tab()
  expect(onchange).toHaveBeenLastCalledWith(8)
})

test('a switch and a choice', async () => {
  const onSwitch = vi.fn()
  const onChoice = vi.fn()
  const one = await render(SettingControl, { field: keep!, value: true, onchange: onSwitch })
  await one.getByRole('checkbox', { name: 'Keep the noise' }).click()
  expect(onSwitch).toHaveBeenLastCalledWith(false)
  const two = await render(SettingControl, { field: solver!, value: 'mcem', onchange: onChoice })
  await two.getByRole('combobox', { name: 'Solver' }).selectOptions('peem')
  expect(onChoice).toHaveBeenLastCalledWith('peem')
})

const names = { original: 'Original', result: 'Clean', noise: 'Noise' }

test('A/B shows what is heard and offers only what there is', async () => {
  const onhear = vi.fn()
  const screen = await render(HeardSwitch, { heard: 'original', roles: ['original', 'result'], names, onhear })
  await expect.element(screen.getByRole('button', { name: 'Original' })).toHaveAttribute('aria-pressed', 'true')
  await expect.element(screen.getByRole('button', { name: 'Noise' })).toBeDisabled()
  await screen.getByRole('button', { name: 'Clean' }).click()
  expect(onhear).toHaveBeenCalledWith('result')
  await screen.rerender({ heard: 'result' })
  await expect.element(screen.getByRole('button', { name: 'Clean' })).toHaveAttribute('aria-pressed', 'true')
  await expect.element(screen.getByRole('button', { name: 'Original' })).toHaveAttribute('aria-pressed', 'false')
  await screen.rerender({ names: { result: 'Vocoded' } })
  expect(screen.getByRole('button').all()).toHaveLength(1)
  await expect.element(screen.getByRole('button', { name: 'Vocoded' })).toBeEnabled()
})

const job: Job = {
  id: 'j-1',
  task: 'enhance',
  label: 'Enhance speech',
  source: 'a-1',
  state: 'running',
  settings: {},
  pack: 'speech',
  device: 'cpu',
  requested: 'auto',
  fallback: null,
  seed: 1,
  attempt: 1,
  createdAt: '2026-11-23T10:00:00Z',
  startedAt: '2026-11-23T10:00:01Z',
  endedAt: null,
  progress: { phase: 'Cleaning', done: 30, total: 120, etaSeconds: 75, rtf: 0.25 },
  results: [],
  error: null,
  command: 'nagare enhance a.wav -o b.wav',
}

const handlers = () => ({ onshow: vi.fn(), oncancel: vi.fn(), onretry: vi.fn(), onremove: vi.fn(), onreport: vi.fn() })

test('a running row tells phase, share, time left and speed, and can be stopped', async () => {
  const calls = handlers()
  const screen = await render(QueueRow, { job, of: 'talk.wav', ...calls })
  await expect.element(screen.getByText(/Cleaning · 1 min left · 4× real time/)).toBeVisible()
  await expect.element(screen.getByRole('progressbar')).toHaveAttribute('value', '0.25')
  await screen.getByRole('button', { name: 'Stop Enhance speech: talk.wav' }).click()
  expect(calls.oncancel).toHaveBeenCalledOnce()
  await screen.rerender({ job: { ...job, state: 'cancelling' } })
  await expect.element(screen.getByText(/Stopping…/)).toBeVisible()
  await expect.element(screen.getByRole('button', { name: /^Stop/ })).toBeDisabled()
})

test('a failed row says why and what to do, and offers report, retry and removal', async () => {
  const calls = handlers()
  const failed: Job = {
    ...job,
    state: 'failed',
    error: { code: 'disk-full', message: 'The disk is full.', hint: 'Free some space.' },
  }
  const screen = await render(QueueRow, { job: failed, of: 'talk.wav', ...calls })
  await expect.element(screen.getByText('The disk is full.')).toBeVisible()
  await expect.element(screen.getByText('Free some space.')).toBeVisible()
  await screen.getByRole('button', { name: 'Copy report' }).click()
  await screen.getByRole('button', { name: /again/ }).click()
  await screen.getByRole('button', { name: /Remove/ }).click()
  for (const call of [calls.onreport, calls.onretry, calls.onremove]) expect(call).toHaveBeenCalledOnce()
})

test('a row says why the processor computes in place of the device asked for', async () => {
  const fallback = 'Card cannot be used: it smokes. Computing on the processor instead (Test processor).'
  const screen = await render(QueueRow, {
    job: { ...job, requested: 'webgpu', fallback },
    of: 'talk.wav',
    ...handlers(),
  })
  await expect.element(screen.getByText(fallback)).toBeVisible()
  await screen.rerender({ job })
  await expect.element(screen.getByText(fallback)).not.toBeInTheDocument()
})

test('progress without a total is shown as unknown, and stopping as such', async () => {
  const screen = await render(RunProgress, { job: { ...job, progress: null }, oncancel: vi.fn() })
  await expect.element(screen.getByText('Starting')).toBeVisible()
  await expect.element(screen.getByRole('progressbar')).not.toHaveAttribute('value')
  await screen.rerender({ job: { ...job, state: 'cancelling' } })
  await expect.element(screen.getByRole('heading', { name: 'Stopping…' })).toBeVisible()
})
