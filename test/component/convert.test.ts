import type { Asset, Job, Pack, Snapshot, Task } from '@contract'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { userEvent } from 'vitest/browser'
import { render } from 'vitest-browser-svelte'
import { actionOf, actions } from '../../src-renderer/actions/all'
import { canRun, currentSettings } from '../../src-renderer/actions/work'
import VoiceCards from '../../src-renderer/convert/VoiceCards.svelte'
import VoiceList from '../../src-renderer/convert/VoiceList.svelte'
import VoiceMix from '../../src-renderer/convert/VoiceMix.svelte'
import { targetVoice } from '../../src-renderer/convert/target-voice'
import { stretchWords, voiceWords, withVoices } from '../../src-renderer/convert/voices'
import ResultDetails from '../../src-renderer/enhance/ResultDetails.svelte'
import TaskPanel from '../../src-renderer/enhance/TaskPanel.svelte'
import { takeDetail } from '../../src-renderer/library/take-name'
import { draft } from '../../src-renderer/state/draft.svelte'
import { listening } from '../../src-renderer/state/listening.svelte'
import { notices } from '../../src-renderer/state/notices.svelte'
import { applySnapshot } from '../../src-renderer/state/project.svelte'
import { resultName, select, takesOf } from '../../src-renderer/state/selection.svelte'
import { stopSample, toggleSample, voiceSample } from '../../src-renderer/state/voice-sample.svelte'

const createdAt = '2026-11-24T10:00:00Z'
const optionalSeconds = { anyOf: [{ type: 'number', minimum: 0 }, { type: 'null' }], default: null }
const task: Task = {
  ...{ id: 'convert', label: 'Convert voice', description: '', accepts: ['audio'], packKinds: ['blow'] },
  settings: {
    properties: {
      to: { type: 'string', default: '', title: 'Voice' },
      blend: { type: 'string', default: '' },
      share: { type: 'number', minimum: 0, maximum: 1, default: 0.5 },
      from: { type: 'string', default: '' },
      start: optionalSeconds,
      end: optionalSeconds,
      normalize: { type: 'boolean', default: true, title: 'Normalize' },
    },
  },
}
const voices = [
  { name: 'Ada', seconds: 61, sample: true },
  { name: 'Ben', seconds: 5, sample: false },
  { name: 'Cy', seconds: 720, sample: true },
]
const pack: Pack = {
  ...{ id: 'tiny', kind: 'blow', name: 'Tiny', description: '', licence: 'MIT', sampleRate: 8000, bytes: 1 },
  ...{ sha256: 'abc', origin: 'user', metrics: [], voices },
}
const audio = {
  ...{ sampleRate: 16_000, channels: 1, frames: 64_000, container: 'wav', encoding: 's16', loudness: -20, peak: 0.5 },
  pcm: { offset: 44, encoding: 's16' as const },
}
const sound: Asset = { id: 'a-1', name: 'talk.wav', kind: 'audio', bytes: 1, createdAt, sha256: '', audio }
const all = { to: 'Cy', blend: '', share: 0.5, from: 'Ben', start: null, end: null, normalize: true }
const made = (id: string, settings: Record<string, unknown>, facts?: Record<string, unknown>): Asset => ({
  ...{ id, name: `${id}.wav`, kind: 'audio', bytes: 1, createdAt, sha256: '', audio },
  origin: {
    ...{ job: `j-${id}`, task: 'convert', role: 'converted', source: 'a-1' },
    pack: { id: 'tiny', name: 'Tiny', sha256: 'abc' },
    ...{ settings: { ...all, ...settings }, seed: 1, device: 'cpu', fallback: null, seconds: 1 },
    ...(facts ? { facts } : {}),
  },
})

function show(more: Partial<Snapshot> = {}) {
  applySnapshot({
    ...{ epoch: 'e', seq: 1, version: '1', project: { name: 'p', folder: '/p' }, assets: [sound], jobs: [] },
    ...{ packs: [pack], tasks: [task] },
    settings: { device: 'auto', theme: 'dark', language: 'en', exportFormat: 'wav-s16', tasks: {}, models: {} },
    engine: { startedAt: createdAt, lastExit: null },
    ...more,
  })
  Object.assign(draft, { task: null, values: {}, stretch: 'whole', follow: null, starting: false })
  Object.assign(listening, { region: null, duration: 4 })
  stopSample()
  select('a-1')
}
beforeEach(() => show())

describe('what would be run', () => {
  test('are voices that the model has', () => {
    expect(currentSettings()).toEqual({ ...all, to: 'Ada', from: '' })
    expect(withVoices({ to: 'ben', blend: 'CY', from: 'Zoe' }, voices)).toEqual({ to: 'Ben', blend: 'Cy', from: '' })
    expect(withVoices({ to: 'Ben', blend: 'Ben', from: '' }, voices)).toEqual({ to: 'Ben', blend: '', from: '' })
    expect(withVoices({ to: 'Ben', blend: '', from: '' }, [])).toEqual({ to: '', blend: '', from: '' })
  })

  test('is remembered, but not the stretch', () => {
    const tasks = { convert: { ...all, start: 1, end: 2, share: 0.25, normalize: false } }
    show({ settings: { device: 'auto', theme: 'dark', language: 'en', exportFormat: 'wav-s16', tasks, models: {} } })
    expect(currentSettings()).toEqual({ ...all, share: 0.25, normalize: false })
  })

  test('is the selected stretch where that is wanted', () => {
    listening.region = { from: 1.23456, to: 3 }
    expect(currentSettings()).toMatchObject({ start: null, end: null })
    draft.stretch = 'selection'
    expect(currentSettings()).toMatchObject({ start: 1.235, end: 3 })
    listening.region = { from: 0, to: 4 }
    expect(currentSettings()).toMatchObject({ start: null, end: null })
    listening.region = null
    expect(currentSettings()).toMatchObject({ start: null, end: null })
  })

  test('is nothing without a model, or with one that does not name its voices', () => {
    expect([canRun(), actions.convert.when(), actionOf('convert')]).toEqual([true, true, actions.convert])
    const { voices: _, ...nameless } = pack
    show({ packs: [nameless] })
    expect(canRun()).toBe(false)
    show({ packs: [] })
    expect(canRun()).toBe(false)
  })
})

test('voices and stretches in words', () => {
  expect(voiceWords({ ...all })).toBe('Cy')
  expect(voiceWords({ ...all, blend: 'Ada', share: 0.295 })).toBe('70 % Cy, 30 % Ada')
  expect(stretchWords(all)).toBe('')
  expect(stretchWords({ ...all, start: 1.25, end: 63 })).toBe('0:01.2 – 1:03.0')
  expect(stretchWords({ ...all, start: 2 })).toBe('from 0:02.0')
  expect(stretchWords({ ...all, end: 2 })).toBe('0:00.0 – 0:02.0')
})

describe('the cards', () => {
  test('are one choice, by mouse and by keys', async () => {
    const onchoose = vi.fn()
    const screen = await render(VoiceCards, { pack, chosen: 'Ada', onchoose })
    const group = screen.getByRole('group', { name: 'Voice' })
    await expect.element(group.getByRole('radio', { name: 'Ada trained on 1 min' })).toBeChecked()
    await group.getByText('Cy').click()
    expect(onchoose).toHaveBeenLastCalledWith('Cy')
    await screen.rerender({ chosen: 'Cy' })
    await expect.element(group.getByRole('radio', { name: /^Cy/ })).toBeChecked()
    await userEvent.keyboard('{ArrowUp}')
    expect(onchoose).toHaveBeenLastCalledWith('Ben')
    await screen.rerender({ disabled: true })
    await expect.element(group.getByRole('radio', { name: /^Ada/ })).toBeDisabled()
    await expect.element(group.getByRole('button', { name: 'Hear Ada’s voice' })).toBeEnabled()
  })

  test('take their sample with them when they go, or show another model', async () => {
    const screen = await render(VoiceCards, { pack, chosen: 'Ada', onchoose: vi.fn() })
    voiceSample.url = '/packs/tiny/voices/0'
    await screen.rerender({ pack: { ...pack, description: 'changed' } })
    expect(voiceSample.url).not.toBe(null)
    await screen.rerender({ pack: { ...pack, id: 'other' } })
    expect(voiceSample.url).toBe(null)
    voiceSample.url = '/packs/other/voices/0'
    await screen.unmount()
    expect(voiceSample.url).toBe(null)
  })

  test('that can be heard have a button; Tab stops at that of the chosen one only', async () => {
    const screen = await render(VoiceCards, { pack, chosen: 'Cy', onchoose: vi.fn() })
    const names = screen
      .getByRole('button')
      .elements()
      .map((button) => [button.getAttribute('aria-label'), (button as HTMLElement).tabIndex])
    expect(names).toEqual([
      ['Hear Ada’s voice', -1],
      ['Hear Cy’s voice', 0],
    ])
  })

  test('of many voices are found by name', async () => {
    const many = Array.from({ length: 30 }, (_, i) => ({ name: `Voice ${i}`, seconds: i, sample: false }))
    const screen = await render(VoiceCards, { pack: { ...pack, voices: many }, chosen: 'Voice 3', onchoose: vi.fn() })
    const find = screen.getByRole('textbox', { name: 'Find a voice' })
    await find.fill('ice 2')
    await expect.poll(() => screen.getByRole('radio').elements().length).toBe(11)
    await find.fill('nobody')
    await expect.element(screen.getByText('No voice has such a name')).toBeVisible()
  })
})

test('a second voice is mixed in by a slider between the two', async () => {
  const onchange = vi.fn()
  const screen = await render(VoiceMix, { voices, to: 'Ada', blend: '', share: 0.25, onchange })
  const choice = screen.getByRole('combobox', { name: 'Second voice' })
  expect(
    choice
      .getByRole('option')
      .elements()
      .map((option) => option.textContent),
  ).toEqual(['None', 'Ben', 'Cy'])
  expect(screen.getByRole('slider').elements()).toEqual([])
  await choice.selectOptions('Ben')
  expect(onchange).toHaveBeenLastCalledWith({ blend: 'Ben' })
  await screen.rerender({ blend: 'Ben' })
  const slider = screen.getByRole('slider', { name: 'Share of Ben' })
  await expect.element(slider).toHaveAttribute('aria-valuetext', '75 % Ada, 25 % Ben')
  await expect.element(screen.getByText('Ada 75 %')).toBeVisible()
  ;(slider.element() as HTMLElement).focus()
  await userEvent.keyboard('{ArrowRight}')
  expect(onchange).toHaveBeenLastCalledWith({ share: 0.26 })
})

describe('the panel', () => {
  test('sets voices, speaker and level, and resets all but the voice', async () => {
    const screen = await render(TaskPanel)
    expect(screen.getByRole('button', { name: 'Reset to defaults' }).elements()).toEqual([])
    await screen.getByText('Ben', { exact: true }).first().click()
    await screen.getByRole('combobox', { name: 'Who speaks' }).selectOptions('Cy')
    await screen.getByRole('checkbox', { name: 'Normalize' }).click()
    expect(currentSettings()).toEqual({ ...all, to: 'Ben', from: 'Cy', normalize: false })
    await screen.getByRole('button', { name: 'Reset to defaults' }).click()
    expect(currentSettings()).toEqual({ ...all, to: 'Ben', from: '' })
    await expect.element(screen.getByRole('button', { name: 'Convert', exact: true })).toBeEnabled()
  })

  test('asks what to convert where a stretch is selected', async () => {
    const screen = await render(TaskPanel)
    const group = screen.getByRole('group', { name: 'What is converted' })
    expect(group.elements()).toEqual([])
    listening.region = { from: 1, to: 2.5 }
    await expect.element(group.getByRole('radio', { name: 'Whole recording' })).toBeChecked()
    await group.getByText('Selection').click()
    expect(draft.stretch).toBe('selection')
    await expect.element(screen.getByText(/0:01\.0 – 0:02\.5 \(1\.5 s\)/)).toBeVisible()
    // The level of a stretch is that of what lies around it.
    expect(screen.getByRole('checkbox', { name: 'Normalize' }).elements()).toEqual([])
  })

  test('says what to do without a model, and with one whose voices cannot be read', async () => {
    show({ packs: [] })
    const screen = await render(TaskPanel)
    await expect.element(screen.getByText('No model for this is installed')).toBeVisible()
    await expect.element(screen.getByText(/nagare train blow/)).toBeVisible()
    const { voices: _, ...nameless } = pack
    show({ packs: [nameless] })
    await expect.element(screen.getByText(/does not say which voices it has/)).toBeVisible()
    await expect.element(screen.getByRole('button', { name: 'Convert', exact: true })).toBeDisabled()
  })
})

describe('a result', () => {
  test('says whose voice became whose, and what was found out', async () => {
    const job = { id: 'j-r', source: 'a-1', state: 'done', settings: { ...all, from: '' } } as unknown as Job
    show({ assets: [sound, made('r', { blend: 'Ada', share: 0.3, start: 1, end: 2 })], jobs: [job] })
    const [take] = takesOf('a-1')
    expect(resultName(take!)).toBe('Converted')
    const screen = await render(ResultDetails, { source: sound, take: take!, task })
    const details = screen.getByRole('region', { name: 'This result' })
    await expect.element(details.getByText('70 % Cy, 30 % Ada')).toBeVisible()
    await expect.element(details.getByText('Nagare found that the voice is most like Ben’s.')).toBeVisible()
    await expect.element(details.getByText('Converted: 0:01.0 – 0:02.0. The rest is as it was.')).toBeVisible()
    expect(details.element().textContent).not.toMatch(/null|Share|Normalize/)
    const asked = { ...job, settings: { ...job.settings, from: 'Ben' } }
    show({ assets: [sound, made('r', {})], jobs: [asked] })
    await screen.rerender({ take: takesOf('a-1')[0]! })
    await expect.element(details.getByText(/found/)).not.toBeInTheDocument()
    await expect.element(details.getByText('Normalize')).toBeVisible()
  })

  test('says where its source is clipped, if that is worth a word', async () => {
    const warning = /^The original is clipped \(2.5 % at full scale\)/
    show({ assets: [sound, made('r', {}, { clippedSource: 0.025 })] })
    const screen = await render(ResultDetails, { source: sound, take: takesOf('a-1')[0]!, task })
    await expect.element(screen.getByText(warning)).toBeVisible()
    for (const facts of [{ clippedSource: 0.0005 }, undefined]) {
      show({ assets: [sound, made('r', {}, facts)] })
      await screen.rerender({ take: takesOf('a-1')[0]! })
      await expect.element(screen.getByText(/clipped/)).not.toBeInTheDocument()
    }
  })

  test('is told from others by its voice and stretch', () => {
    show({ assets: [sound, made('r', {}), made('s', { blend: 'Ada', share: 0.5, start: 1, end: 2 })] })
    const takes = takesOf('a-1')
    expect(takes.map((take) => takeDetail(take, takes, String))).toEqual(['Cy', '50 % Cy, 50 % Ada, 0:01.0 – 0:02.0'])
  })

  test('lets its voice be heard, else the chosen one', () => {
    expect(targetVoice()).toEqual({ name: 'Ada', url: '/packs/tiny/voices/0' })
    draft.values.convert = { to: 'Ben' }
    expect([targetVoice(), actions.voice.when()]).toEqual([undefined, false])
    draft.values.convert = { to: 'Ada' }
    expect(actions.voice.when()).toBe(true)
    // The noise of an enhanced recording has the key.
    listening.roles = ['original', 'result', 'noise']
    expect([actions.voice.when(), actions.noise.when()]).toEqual([false, true])
    listening.roles = []
    show({ assets: [sound, made('r', {})] })
    expect(targetVoice()).toEqual({ name: 'Cy', url: '/packs/tiny/voices/2' })
    draft.values.convert = { to: 'Ada' }
    expect(targetVoice()?.name).toBe('Cy')
    show({ assets: [sound, made('r', {})], packs: [{ ...pack, sha256: 'another' }] })
    expect(targetVoice()).toBeUndefined()
  })
})

/** A WAV of `seconds` of silence. */
function silence(seconds: number): string {
  const bytes = new DataView(new ArrayBuffer(44 + 16_000 * seconds))
  const text = (at: number, word: string) => [...word].forEach((c, i) => bytes.setUint8(at + i, c.charCodeAt(0)))
  text(0, 'RIFF')
  bytes.setUint32(4, bytes.byteLength - 8, true)
  text(8, 'WAVEfmt ')
  bytes.setUint32(16, 16, true)
  bytes.setUint16(20, 1, true)
  bytes.setUint16(22, 1, true)
  bytes.setUint32(24, 8000, true)
  bytes.setUint32(28, 16_000, true)
  bytes.setUint16(32, 2, true)
  bytes.setUint16(34, 16, true)
  text(36, 'data')
  bytes.setUint32(40, 16_000 * seconds, true)
  return URL.createObjectURL(new Blob([bytes.buffer], { type: 'audio/wav' }))
}

describe('a sample', () => {
  test('plays to its end, stops when asked, and gives way to another', async () => {
    const [short, long] = [silence(0.2), silence(30)]
    // Sound starts in a page only once somebody has touched it.
    const button = document.createElement('button')
    button.onclick = () => toggleSample(long)
    document.body.append(button)
    await userEvent.click(button)
    expect(voiceSample.url).toBe(long)
    toggleSample(short)
    expect(voiceSample.url).toBe(short)
    await expect.poll(() => voiceSample.url).toBe(null)
    toggleSample(long)
    expect(voiceSample.url).toBe(long)
    toggleSample(long)
    expect(voiceSample.url).toBe(null)
    expect(notices.list).toEqual([])
    button.remove()
  })

  test('that is not there is told', async () => {
    toggleSample('blob:nothing')
    await expect.poll(() => notices.list.map(({ title }) => title)).toEqual(['The voice could not be played'])
    expect(voiceSample.url).toBe(null)
    notices.list = []
  })
})

test('the card of a model names its voices', async () => {
  const many = Array.from({ length: 30 }, (_, i) => ({ name: `Voice ${i}`, seconds: i, sample: i % 2 === 0 }))
  const screen = await render(VoiceList, { pack: { ...pack, voices: many } })
  const list = screen.getByRole('region', { name: 'Voices of Tiny' })
  await expect.element(list.getByRole('heading', { name: '30 voices' })).toBeVisible()
  await expect.element(list.getByRole('button', { name: 'Hear Voice 2 2 s' })).toBeVisible()
  expect(list.getByRole('button', { name: /^Hear Voice 1 / }).elements()).toEqual([])
  await list.getByRole('button', { name: '6 more' }).click()
  expect(list.getByRole('listitem').elements()).toHaveLength(30)
})
