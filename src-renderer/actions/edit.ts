import type { Asset, EditKind, EditRequest, Stretch } from '@contract'
import { canRedo, canUndo, record, redo, undo, type Step } from '../history/history.svelte'
import { clipboard, keepClip } from '../state/clip.svelte'
import { hear, listening, seek, setRegion } from '../state/listening.svelte'
import { say } from '../state/live.svelte'
import { tellError } from '../state/notices.svelte'
import { openDialog } from '../state/panels.svelte'
import { assetOf } from '../state/project.svelte'
import { selectedSource, selectedTake } from '../state/selection.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'
import { clock, decimal } from '../text/format'
import type { Action } from './action'
import { editing } from '../state/editing.svelte'

/** The recording that is shown, where it is a sound. */
const shown = () => {
  const source = selectedSource()
  return source?.audio ? (source as Asset & { audio: NonNullable<Asset['audio']> }) : undefined
}

const sampleAt = (seconds: number, { sampleRate, frames }: { sampleRate: number; frames: number }) =>
  Math.min(frames, Math.max(0, Math.round(seconds * sampleRate)))

/** Samples of a sound, the shown recording if left out, that are selected; undefined where none are. */
export function selectedSamples(asset: Asset | undefined = shown()): Stretch | undefined {
  if (!asset?.audio || !listening.region) return undefined
  const from = sampleAt(listening.region.from, asset.audio)
  const to = sampleAt(listening.region.to, asset.audio)
  return from < to ? { from, to } : undefined
}

/** The selected samples, or all of the shown recording. */
export const samplesAtHand = (): Stretch => selectedSamples() ?? { from: 0, to: shown()?.audio.frames ?? 0 }

/** Makes a selection of samples, or none, after the recording has changed. */
function selectSamples(asset: Asset, stretch: Stretch | null) {
  const { sampleRate } = asset.audio!
  setRegion(stretch && { from: stretch.from / sampleRate, to: stretch.to / sampleRate })
}

/** Lets go of a selection that reaches beyond the end. */
function keepWithin({ audio }: Asset) {
  const { region } = listening
  if (region && audio && region.to > audio.frames / audio.sampleRate + 1e-6) setRegion(null)
}

function stepOf({ id }: Asset, kind: EditKind): Step {
  const go = (name: 'edit.undo' | 'edit.redo') => async () => keepWithin((await call(name, { asset: id })).asset)
  return { label: text.editing.steps[kind], about: id, undo: go('edit.undo'), redo: go('edit.redo') }
}

/** Edits the shown recording; answers it as it is then, undefined where that failed, which is told. */
export async function edit(request: EditRequest, signal?: AbortSignal): Promise<Asset | undefined> {
  const source = shown()
  if (!source || editing.busy) return undefined
  editing.busy = true
  try {
    const { asset } = await call('edit.apply', { asset: source.id, edit: request }, signal ? { signal } : {})
    record(stepOf(asset, request.kind))
    keepWithin(asset)
    say(text.editing.steps[request.kind])
    return asset
  } catch (error) {
    tellError(text.editing.failed(text.editing.steps[request.kind]), error)
    return undefined
  } finally {
    editing.busy = false
  }
}

/** Takes back the last step that concerns what is shown: one of this window, else the recording's own last edit. */
export function undoShown(): Promise<Step | undefined> {
  const source = shown()
  return undo(source?.id, source?.edit?.undo ? stepOf(source, source.edit.undo) : undefined)
}

export function redoShown(): Promise<Step | undefined> {
  const source = shown()
  return redo(source?.id, source?.edit?.redo ? stepOf(source, source.edit.redo) : undefined)
}

export const canUndoShown = () => !editing.busy && (canUndo(shown()?.id) || Boolean(shown()?.edit?.undo))
export const canRedoShown = () => !editing.busy && (canRedo(shown()?.id) || Boolean(shown()?.edit?.redo))

const isFree = () => shown() !== undefined && !editing.busy
const hasSelection = () => isFree() && selectedSamples() !== undefined
/** Text of the page that is selected is what Copy and Cut are for. */
const hasText = () => (getSelection()?.toString() ?? '') !== ''

/** The selection as times on the ruler. */
export const rangeWords = () => {
  const { region } = listening
  return region ? text.convert.stretch(clock(region.from, 2), clock(region.to, 2)) : ''
}

const secondsOf = ({ from, to }: Stretch) => decimal((to - from) / shown()!.audio.sampleRate, 2)

/** Notes where the selection lies; on the system's clipboard goes a line that says so, in the place of what was there. */
function copy() {
  const source = shown()!
  const stretch = selectedSamples()!
  keepClip({ asset: source.id, revision: source.edit?.revision ?? 0, ...stretch })
  const told = text.editing.copied(secondsOf(stretch))
  void navigator.clipboard?.writeText(`${source.name}: ${told}`).catch(() => undefined)
  say(told)
}

async function takeOut(kind: 'cut' | 'delete') {
  const stretch = selectedSamples()!
  if (kind === 'cut') copy()
  const asset = await edit({ kind, ...stretch })
  if (!asset) return
  selectSamples(asset, null)
  seek(stretch.from / asset.audio!.sampleRate)
}

async function paste() {
  const clip = clipboard.clip!
  const before = shown()!
  const at = sampleAt(listening.time, before.audio)
  const place = selectedSamples() ?? { from: at, to: at }
  const asset = await edit({ kind: 'paste', ...place, clip: { ...clip } })
  if (!asset) return
  const added = asset.audio!.frames - before.audio.frames
  selectSamples(asset, { from: place.from, to: place.to + added })
  seek(place.from / asset.audio!.sampleRate)
}

async function trim() {
  const stretch = selectedSamples()!
  const { sampleRate } = shown()!.audio
  const time = listening.time - stretch.from / sampleRate
  const asset = await edit({ kind: 'trim', ...stretch })
  if (!asset) return
  selectSamples(asset, null)
  seek(time)
}

/** The stretch of the shown recording that the shown result is about; undefined where the two are not in step any more. */
function resultStretch(): Stretch | undefined {
  const source = shown()
  const result = selectedTake()?.result
  if (!source || !result?.audio) return undefined
  const { frames, sampleRate } = source.audio
  const ends = result.audio.frames / result.audio.sampleRate - frames / sampleRate
  if (Math.abs(ends) > 1e-3) return undefined
  const { range, settings } = result.origin!
  const { start, end } = settings
  const own = {
    from: typeof start === 'number' ? sampleAt(start, source.audio) : (range?.from ?? 0),
    to: typeof end === 'number' ? sampleAt(end, source.audio) : (range?.to ?? frames),
  }
  return selectedSamples() ?? { from: own.from, to: Math.min(frames, own.to) }
}

async function insertResult() {
  const stretch = resultStretch()!
  const result = selectedTake()!.result.id
  if (await edit({ kind: 'insertResult', ...stretch, result })) hear('original')
}

const onSelection = (id: string, keys: string[], kind: 'silence' | 'fadeIn' | 'fadeOut'): Action => ({
  id,
  label: () => text.editing.actions[kind],
  group: 'edit',
  keys,
  when: hasSelection,
  run: async () => void (await edit({ kind, ...selectedSamples()! })),
})

/** What is done to the shown recording. Its file stays as it came, and every step can be undone. */
export const editActions = {
  cut: {
    id: 'cut',
    label: () => text.editing.actions.cut,
    group: 'edit',
    keys: ['Mod+X'],
    when: () => hasSelection() && !hasText(),
    run: () => takeOut('cut'),
  },
  copy: {
    id: 'copy',
    label: () => text.editing.actions.copy,
    group: 'edit',
    keys: ['Mod+C'],
    when: () => hasSelection() && !hasText(),
    run: copy,
  },
  paste: {
    id: 'paste',
    label: () => text.editing.actions.paste,
    group: 'edit',
    keys: ['Mod+V'],
    native: true,
    when: () => isFree() && clipboard.clip !== null && assetOf(clipboard.clip.asset) !== undefined,
    run: paste,
  },
  erase: {
    id: 'erase',
    label: () => text.editing.actions.erase,
    group: 'edit',
    keys: ['Delete', 'Backspace'],
    when: hasSelection,
    run: () => takeOut('delete'),
  },
  // The keys with Mod belong to the browser's tabs there.
  trim: {
    id: 'trim',
    label: () => text.editing.actions.trim,
    group: 'edit',
    keys: ['Shift+T', 'Mod+T'],
    when: hasSelection,
    run: trim,
  },
  silence: onSelection('silence', ['Shift+S'], 'silence'),
  gain: {
    id: 'gain',
    label: () => text.editing.actions.gain,
    group: 'edit',
    keys: ['Shift+G'],
    when: isFree,
    run: () => void openDialog('gain'),
  },
  fadeIn: onSelection('fadeIn', ['Shift+I'], 'fadeIn'),
  fadeOut: onSelection('fadeOut', ['Shift+O'], 'fadeOut'),
  normalise: {
    id: 'normalise',
    label: () => text.editing.actions.normalise,
    group: 'edit',
    keys: ['Shift+N'],
    when: isFree,
    run: () => void openDialog('normalise'),
  },
  format: {
    id: 'format',
    label: () => text.editing.actions.format,
    group: 'edit',
    keys: ['Shift+H'],
    when: isFree,
    run: () => void openDialog('format'),
  },
  insertResult: {
    id: 'insertResult',
    label: () => text.editing.actions.insertResult,
    group: 'edit',
    keys: ['Shift+Enter'],
    when: () => isFree() && resultStretch() !== undefined,
    run: insertResult,
  },
  selectAll: {
    id: 'selectAll',
    label: () => text.editing.actions.selectAll,
    group: 'edit',
    keys: ['Mod+A'],
    when: isFree,
    run: () => setRegion({ from: 0, to: shown()!.audio.frames / shown()!.audio.sampleRate }),
  },
} satisfies Record<string, Action>
