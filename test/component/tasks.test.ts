import { withPatch, type Asset, type Job, type Pack, type SettingsPatch, type Snapshot, type Task } from '@contract'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import { actionOf, actions } from '../../src-renderer/actions/all'
import { canRun, currentPack, currentSettings, currentTask } from '../../src-renderer/actions/work'
import ModelChoice from '../../src-renderer/enhance/ModelChoice.svelte'
import TaskChoice from '../../src-renderer/enhance/TaskChoice.svelte'
import TaskPanel from '../../src-renderer/enhance/TaskPanel.svelte'
import { takeDetail } from '../../src-renderer/library/take-name'
import { draft } from '../../src-renderer/state/draft.svelte'
import { melSourceOf, secondsOf } from '../../src-renderer/state/mel'
import { notices } from '../../src-renderer/state/notices.svelte'
import { panels } from '../../src-renderer/state/panels.svelte'
import { applySnapshot, project } from '../../src-renderer/state/project.svelte'
import { resultName, select, takesOf } from '../../src-renderer/state/selection.svelte'
import { taskWords } from '../../src-renderer/text/task-words'

const engine = vi.hoisted(() => ({ call: vi.fn<(name: string, args: unknown) => Promise<unknown>>() }))
vi.mock('../../src-renderer/transport/engine', () => engine)

const task = (id: string, accepts: Task['accepts'], packKind: string): Task => ({
  ...{ id, label: `The ${id}`, description: '', accepts, packKinds: [packKind] },
  settings: { properties: { amount: { type: 'number', minimum: 0, maximum: 1, default: 0.25 } } },
})
const enhance = task('enhance', ['audio'], 'vae-nmf')
const vocode = task('vocode', ['audio', 'mel'], 'waveglow')
const pack = (id: string, kind: string, more: Partial<Pack> = {}): Pack => ({
  ...{ id, kind, name: id, description: '', licence: 'MIT', sampleRate: 16_000, bytes: 1, sha256: '0' },
  ...{ origin: 'user', metrics: [] },
  ...more,
})
const createdAt = '2026-11-24T10:00:00Z'
const audio = {
  ...{ sampleRate: 16_000, channels: 1, frames: 32_000, container: 'wav', encoding: 's16', loudness: -20, peak: 0.5 },
  pcm: { offset: 44, encoding: 's16' as const },
}
const sound: Asset = { id: 'a-1', name: 'talk.wav', kind: 'audio', bytes: 1, createdAt, sha256: '', audio }
const mel: Asset = {
  ...{ id: 'a-2', name: 'talk.npy', kind: 'mel', bytes: 1, createdAt, sha256: '' },
  mel: { mels: 80, frames: 441 },
}
const result = (id: string, by: string, settings: Record<string, unknown>): Asset => ({
  ...{ id, name: `${id}.wav`, kind: 'audio', bytes: 1, createdAt, sha256: '', audio },
  origin: {
    ...{ job: `j-${id}`, task: by, role: 'it', source: 'a-1', pack: { id: 'p', name: 'P', sha256: '' } },
    ...{ settings, seed: 1, device: 'cpu', fallback: null, seconds: 1 },
  },
})

const settings = {
  ...{ device: 'auto', theme: 'dark' as const, language: 'en' as const, exportFormat: 'wav-s16' as const },
  ...{ tasks: { vocode: { amount: 0.5 } }, models: { enhance: 'gone' } },
}

function show(more: Partial<Snapshot> = {}) {
  applySnapshot({
    ...{ epoch: 'e', seq: 1, version: '1', project: { name: 'p', folder: '/p' }, assets: [sound, mel], jobs: [] },
    packs: [pack('speech', 'vae-nmf'), pack('one', 'waveglow'), pack('two', 'waveglow')],
    tasks: [enhance, vocode],
    settings,
    engine: { startedAt: createdAt, lastExit: null },
    ...more,
  })
  Object.assign(draft, { task: null, values: {}, follow: null, starting: false })
  select('a-1')
}

describe('the task', () => {
  beforeEach(() => show())

  test('is the first that takes what is selected, until another is chosen', () => {
    expect(currentTask()?.id).toBe('enhance')
    void actions.nextTask.run()
    expect(currentTask()?.id).toBe('vocode')
    void actions.nextTask.run()
    expect(currentTask()?.id).toBe('enhance')
    select('a-2')
    expect(currentTask()?.id).toBe('vocode')
    expect(actions.nextTask.when()).toBe(false)
    expect([canRun('enhance'), canRun('vocode'), actions.vocode.when(), actions.run.when()]).toEqual([
      ...[false, true, true, true],
    ])
  })

  test('keeps its own settings and model', () => {
    show({ settings: { ...settings, models: { enhance: 'one', vocode: 'two' } } })
    draft.values.enhance = { amount: 1 }
    expect([currentSettings(enhance), currentSettings(vocode)]).toEqual([{ amount: 1 }, { amount: 0.5 }])
    expect([currentPack(enhance)?.id, currentPack(vocode)?.id]).toEqual(['speech', 'two'])
  })

  test('cannot start without a model of its kind, nor while the source is worked on', () => {
    show({ packs: [pack('speech', 'vae-nmf')] })
    expect([canRun('enhance'), canRun('vocode')]).toEqual([true, false])
    show({ jobs: [{ id: 'j', source: 'a-1', state: 'running' } as Job] })
    expect([canRun('enhance'), canRun('vocode'), actions.nextTask.when()]).toEqual([false, false, false])
  })

  test('is the one that made the shown result, and names it', () => {
    show({
      assets: [sound, result('r', 'vocode', {}), { ...result('s', 'enhance', {}), createdAt: '2026-11-24T09:00:00Z' }],
    })
    expect(currentTask()?.id).toBe('vocode')
    expect(takesOf('a-1').map(resultName)).toEqual(['Vocoded', 'Clean'])
    draft.task = 'enhance'
    expect(currentTask()?.id).toBe('enhance')
  })

  test('that is new has words and an action too', () => {
    expect(taskWords('restore', 'Restore')).toMatchObject({ verb: 'Restore', result: 'Result' })
    expect(actionOf('restore')).toBe(actions.run)
    expect(actionOf('vocode')).toBe(actions.vocode)
  })

  test('results are told apart from those of the same task only', () => {
    show({ assets: [sound, result('r', 'vocode', { sigma: 0.6 }), result('s', 'enhance', { strength: 1 })] })
    const takes = takesOf('a-1')
    for (const take of takes) expect(takeDetail(take, takes, (name) => name)).toBe('P')
  })
})

describe('the model', () => {
  beforeEach(() => {
    show()
    draft.task = 'vocode'
  })
  const model = async () => (await render(TaskPanel)).getByRole('combobox', { name: 'Model' })

  test('is the first that fits where the chosen one is gone', () => {
    expect([currentPack(enhance)?.id, currentPack(vocode)?.id]).toEqual(['speech', 'one'])
  })

  test('that is chosen is shown at once and remembered by the engine, beside those of other tasks', async () => {
    let answer = () => {}
    engine.call.mockImplementationOnce(async (_, args) => {
      await new Promise<void>((resolve) => (answer = resolve))
      return withPatch({ ...settings, theme: 'light' }, args as SettingsPatch)
    })
    const choice = await model()
    await expect.element(choice).toHaveValue('one')
    await choice.selectOptions('two')
    expect(engine.call).toHaveBeenLastCalledWith('settings.set', { models: { vocode: 'two' } })
    expect(currentPack(vocode)?.id).toBe('two')
    answer()
    await expect.poll(() => project.settings.theme).toBe('light')
    expect(project.settings.models).toEqual({ enhance: 'gone', vocode: 'two' })
    await expect.element(choice).toHaveValue('two')
  })

  test('that cannot be remembered is not chosen, and that is said', async () => {
    engine.call.mockRejectedValueOnce(new Error('The disk is full.'))
    const choice = await model()
    await choice.selectOptions('two')
    await expect.element(choice).toHaveValue('one')
    expect(notices.list.map(({ text }) => text)).toEqual(['The disk is full.'])
    notices.list = []
  })
})

test('the two pictures share one place', () => {
  void actions.mel.run()
  expect(panels.picture).toBe('mel')
  void actions.spectrogram.run()
  expect(panels.picture).toBe('spectrum')
  void actions.spectrogram.run()
  expect(panels.picture).toBe(null)
})

test('a mel spectrogram lasts as long as a model that takes it would make of it', () => {
  show()
  expect(secondsOf(sound)).toBe(2)
  expect(secondsOf(mel)).toBeCloseTo((441 * 256) / 22_050, 6)
  const bands = { mels: 80, hop: 160, fmin: 50, fmax: 7600 }
  show({
    packs: [pack('wide', 'waveglow', { mel: { ...bands, mels: 100 } }), pack('fits', 'waveglow', { mel: bands })],
  })
  expect(secondsOf(mel)).toBeCloseTo((441 * 160) / 16_000, 6)
  expect(melSourceOf(mel)).toEqual({
    url: '/media/a-2/mel',
    mels: 80,
    frames: 441,
    sampleRate: 100,
    fmin: 50,
    fmax: 7600,
  })
  expect(melSourceOf(sound)).toBeUndefined()
})

test('tasks are offered as one choice, by mouse and by keys', async () => {
  const onchoose = vi.fn()
  const screen = await render(TaskChoice, { tasks: [enhance, vocode], chosen: enhance, onchoose })
  const group = screen.getByRole('group', { name: 'What to do' })
  await expect.element(group.getByRole('radio', { name: 'Enhance' })).toBeChecked()
  await group.getByText('Vocode').click()
  expect(onchoose).toHaveBeenLastCalledWith('vocode')
  await screen.rerender({ chosen: vocode })
  await expect.element(group.getByRole('radio', { name: 'Vocode' })).toBeChecked()
  await userEvent.keyboard('{ArrowLeft}')
  expect(onchoose).toHaveBeenLastCalledWith('enhance')
  await screen.rerender({ disabled: true })
  await expect.element(group.getByRole('radio', { name: 'Enhance' })).toBeDisabled()
})

test('where no model is installed the ways to one are named', async () => {
  const screen = await render(ModelChoice, { kind: 'waveglow', packs: [], chosen: undefined, onchoose: vi.fn() })
  await expect.element(screen.getByText('No model for this is installed')).toBeVisible()
  const commands = screen
    .getByRole('listitem')
    .elements()
    .map((item) => item.textContent.trim().replace(/\s+/g, ' '))
  expect(commands).toEqual([
    'nagare train waveglow --data FOLDER -o mine.nagare',
    'nagare import FILE --as waveglow -o mine.nagare',
  ])
  await screen.getByRole('button', { name: 'Models' }).click()
  expect(panels.dialog).toBe('models')
})
