import { listening } from '../state/listening.svelte'
import { canTalk, hold, release } from '../record/talk.svelte'
import { isRecording, openRecorder, recorder } from '../record/recorder.svelte'
import { closeRecorder, togglePause, toggleRecording } from '../record/recording'
import { openDialog, panels, togglePicture } from '../state/panels.svelte'
import { gallery } from '../state/gallery.svelte'
import { project } from '../state/project.svelte'
import { isBlind, soundOf } from '../state/compare.svelte'
import * as picture from '../state/seeing.svelte'
import { selectedSource, selection, sources } from '../state/selection.svelte'
import { isFitted, zoomBy, zoomFit } from '../state/view.svelte'
import { text } from '../text/text.svelte'
import type { Action } from './action'
import { batchActions } from './batch'
import { compareActions } from './compare'
import { canRedoShown, canUndoShown, editActions } from './edit'
import { exportManyActions } from './export-many'
import { pickFiles } from './files'
import { addAll } from './folders'
import { galleryActions } from './gallery'
import { maskActions } from './masks'
import { removeSource, step } from './library'
import { hasSound, listenActions } from './listen'
import { markerActions } from './markers'
import { pictureActions } from './picture'
import { pictureTools } from './picture-tools'
import { switchTheme } from './settings'
import { projectActions } from './projects'
import { sampleActions } from './sample'
import { redoLast, undoLast } from './undo'
import { watchActions } from './watch'
import { activeJob, cancelWithCare, canRun, chooseNextTask, currentTasks, runTask } from './work'

const always = () => true
const isShown = () => hasSound() || picture.isSeeing()
const isLarger = () => hasSound() && !isFitted()
const zoom = (factor: number) => (picture.isSeeing() ? picture.zoomPicture(factor) : zoomBy(factor))

/** Those that take their keys, where they can be done, before all others. */
const forKeys = { ...compareActions, ...batchActions, ...exportManyActions }

/** Every user action by its id. Where two share a key, the first that can be done is done. */
export const actions = {
  ...forKeys,
  closeLibrary: {
    id: 'closeLibrary',
    label: () => text.app.closeLibrary,
    group: 'view',
    keys: ['Escape'],
    when: () => panels.library,
    run: () => void (panels.library = false),
  },
  ...maskActions,
  ...galleryActions,
  ...watchActions,
  ...editActions,
  open: {
    id: 'open',
    label: () => text.actions.open,
    group: 'file',
    keys: ['Mod+O'],
    when: always,
    run: async () => addAll(await pickFiles()),
  },
  record: {
    id: 'record',
    label: () => text.actions.record,
    group: 'record',
    keys: ['R'],
    when: () => project.loaded && recorder.phase !== 'saving' && recorder.phase !== 'opening',
    run: toggleRecording,
  },
  pauseRecording: {
    id: 'pauseRecording',
    label: () => text.actions.pauseRecording,
    group: 'record',
    keys: ['Shift+R'],
    when: isRecording,
    run: togglePause,
  },
  microphone: {
    id: 'microphone',
    label: () => text.actions.microphone,
    group: 'record',
    keys: ['I'],
    when: () => project.loaded && !isRecording() && recorder.phase !== 'saving',
    run: () => void (recorder.shown ? closeRecorder() : openRecorder()),
  },
  talk: {
    id: 'talk',
    label: () => text.actions.talk,
    group: 'record',
    keys: ['H'],
    when: canTalk,
    run: hold,
    release,
  },
  export: {
    id: 'export',
    label: () => text.actions.export,
    group: 'file',
    keys: ['Mod+E'],
    when: () => isShown() && !isBlind(),
    run: () => void openDialog('export'),
  },
  remove: {
    id: 'remove',
    label: () => text.actions.remove,
    group: 'file',
    keys: ['Delete', 'Mod+Backspace'],
    when: () => !gallery.open && selectedSource() !== undefined,
    run: () => removeSource(selectedSource()!),
  },
  next: {
    id: 'next',
    label: () => text.actions.next,
    group: 'file',
    keys: ['ArrowDown'],
    when: () => !gallery.open && sources().length > 1,
    run: () => step(selection.source, 1),
    repeats: true,
  },
  previous: {
    id: 'previous',
    label: () => text.actions.previous,
    group: 'file',
    keys: ['ArrowUp'],
    when: () => !gallery.open && sources().length > 1,
    run: () => step(selection.source, -1),
    repeats: true,
  },
  undo: {
    id: 'undo',
    label: () => text.actions.undo,
    group: 'file',
    keys: ['Mod+Z'],
    when: canUndoShown,
    run: undoLast,
    repeats: true,
  },
  redo: {
    id: 'redo',
    label: () => text.actions.redo,
    group: 'file',
    keys: ['Mod+Shift+Z', 'Mod+Y'],
    when: canRedoShown,
    run: redoLast,
    repeats: true,
  },

  enhance: {
    id: 'enhance',
    label: () => text.actions.enhance,
    group: 'work',
    keys: ['E'],
    when: () => canRun('enhance'),
    run: () => runTask('enhance'),
  },
  convert: {
    id: 'convert',
    label: () => text.actions.convert,
    group: 'work',
    keys: ['C'],
    when: () => canRun('convert'),
    run: () => runTask('convert'),
  },
  vocode: {
    id: 'vocode',
    label: () => text.actions.vocode,
    group: 'work',
    keys: ['V'],
    when: () => canRun('vocode'),
    run: () => runTask('vocode'),
  },
  inspect: {
    id: 'inspect',
    label: () => text.actions.inspect,
    group: 'work',
    keys: ['X'],
    when: () => !gallery.open && canRun('inspect'),
    run: () => runTask('inspect'),
  },
  run: {
    id: 'run',
    label: () => text.actions.run,
    group: 'work',
    keys: ['Enter'],
    when: () => !gallery.open && canRun(),
    run: () => runTask(),
  },
  nextTask: {
    id: 'nextTask',
    label: () => text.actions.nextTask,
    group: 'work',
    keys: ['J'],
    when: () => currentTasks().length > 1 && !activeJob(),
    run: chooseNextTask,
  },
  cancel: {
    id: 'cancel',
    label: () => text.actions.cancel,
    group: 'work',
    keys: ['Escape'],
    when: () => activeJob() !== undefined,
    run: cancelWithCare,
  },
  queue: {
    id: 'queue',
    label: () => text.actions.queue,
    group: 'work',
    keys: ['Q'],
    when: always,
    run: () => void (panels.side = panels.side === 'queue' ? 'work' : 'queue'),
  },
  models: {
    id: 'models',
    label: () => text.actions.models,
    group: 'work',
    keys: ['M'],
    when: always,
    run: () => void openDialog('models'),
  },

  ...projectActions,
  ...sampleActions,
  ...listenActions,
  ...markerActions,

  spectrogram: {
    id: 'spectrogram',
    label: () => text.actions.spectrogram,
    group: 'view',
    keys: ['S'],
    when: () => hasSound() && !isBlind(),
    run: () => void togglePicture('spectrum'),
  },
  mel: {
    id: 'mel',
    label: () => text.actions.mel,
    group: 'view',
    keys: ['G'],
    when: () => hasSound() && !isBlind(),
    run: () => void togglePicture('mel'),
  },
  zoomIn: {
    id: 'zoomIn',
    label: () => text.actions.zoomIn,
    group: 'view',
    keys: ['+', '='],
    when: isShown,
    run: () => zoom(1.6),
    repeats: true,
  },
  zoomOut: {
    id: 'zoomOut',
    label: () => text.actions.zoomOut,
    group: 'view',
    keys: ['-'],
    when: () => (picture.isSeeing() ? !picture.isSmallest() : isLarger()),
    run: () => zoom(1 / 1.6),
    repeats: true,
  },
  zoomFit: {
    id: 'zoomFit',
    label: () => text.actions.zoomFit,
    group: 'view',
    keys: ['0'],
    when: () => (picture.isSeeing() ? !picture.isFitted() : isLarger()),
    run: () => (picture.isSeeing() ? picture.fitPicture() : zoomFit()),
  },
  theme: { id: 'theme', label: () => text.actions.theme, group: 'view', keys: ['T'], when: always, run: switchTheme },

  ...pictureActions,
  ...pictureTools,

  palette: {
    id: 'palette',
    label: () => text.palette.action,
    group: 'app',
    keys: ['Mod+K', 'Mod+Shift+P'],
    when: always,
    run: () => void openDialog('palette'),
  },
  settings: {
    id: 'settings',
    label: () => text.actions.settings,
    group: 'app',
    keys: ['Mod+,'],
    when: always,
    run: () => void openDialog('settings'),
  },
  shortcuts: {
    id: 'shortcuts',
    label: () => text.actions.shortcuts,
    group: 'app',
    keys: ['?'],
    when: always,
    run: () => void openDialog('shortcuts'),
  },
} satisfies Record<string, Action>

export const allActions: Action[] = Object.values(actions)

const readLater: readonly Action[] = Object.values<Action>({
  ...galleryActions,
  ...editActions,
  ...maskActions,
  ...forKeys,
})

/** As they are listed to be read: what everybody needs before what stands first only for its keys. */
export const listedActions: Action[] = [...allActions.filter((action) => !readLater.includes(action)), ...readLater]

/** The action that starts a task: its own, or the one that starts the chosen task. */
export const actionOf = (task: string | undefined): Action =>
  task === 'enhance' || task === 'convert' || task === 'vocode' || task === 'inspect' ? actions[task] : actions.run

/** The asset that is heard now. */
export const heardAsset = () => soundOf(listening.heard)?.asset
