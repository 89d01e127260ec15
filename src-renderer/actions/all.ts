import { canRedo, canUndo } from '../history/history.svelte'
import { hear, listening, markRegion, seek, setLooping, setRegion, toggle } from '../state/listening.svelte'
import { canTalk, hold, release } from '../record/talk.svelte'
import { isRecording, openRecorder, recorder } from '../record/recorder.svelte'
import { closeRecorder, togglePause, toggleRecording } from '../record/recording'
import { targetVoice } from '../convert/target-voice'
import { toggleSample } from '../state/voice-sample.svelte'
import { openDialog, panels, togglePicture } from '../state/panels.svelte'
import { project } from '../state/project.svelte'
import { selectedSource, selectedTake, selection, sources } from '../state/selection.svelte'
import { isFitted, zoomBy, zoomFit } from '../state/view.svelte'
import { en } from '../text/en'
import type { Action } from './action'
import { addFiles, pickFiles } from './files'
import { removeSource, step } from './library'
import { switchTheme } from './settings'
import { redoLast, undoLast } from './undo'
import { activeJob, cancelWithCare, canRun, chooseNextTask, currentTasks, runTask } from './work'

const always = () => true
const hasSound = () => listening.roles.length > 0
const has = (role: (typeof listening.roles)[number]) => () => listening.roles.includes(role)
const hasBoth = () => has('original')() && has('result')()
const label = en.actions

/** Every user action by its id. Where two share a key, the first that can be done is done. */
export const actions = {
  closeLibrary: {
    id: 'closeLibrary',
    label: en.app.closeLibrary,
    group: 'view',
    keys: ['Escape'],
    when: () => panels.library,
    run: () => void (panels.library = false),
  },
  open: {
    id: 'open',
    label: label.open,
    group: 'file',
    keys: ['Mod+O'],
    when: always,
    run: async () => addFiles(await pickFiles()),
  },
  record: {
    id: 'record',
    label: label.record,
    group: 'record',
    keys: ['R'],
    when: () => project.loaded && recorder.phase !== 'saving' && recorder.phase !== 'opening',
    run: toggleRecording,
  },
  pauseRecording: {
    id: 'pauseRecording',
    label: label.pauseRecording,
    group: 'record',
    keys: ['Shift+R'],
    when: isRecording,
    run: togglePause,
  },
  microphone: {
    id: 'microphone',
    label: label.microphone,
    group: 'record',
    keys: ['I'],
    when: () => project.loaded && !isRecording() && recorder.phase !== 'saving',
    run: () => void (recorder.shown ? closeRecorder() : openRecorder()),
  },
  talk: {
    id: 'talk',
    label: label.talk,
    group: 'record',
    keys: ['H'],
    when: canTalk,
    run: hold,
    release,
  },
  export: {
    id: 'export',
    label: label.export,
    group: 'file',
    keys: ['Mod+E'],
    when: hasSound,
    run: () => void openDialog('export'),
  },
  remove: {
    id: 'remove',
    label: label.remove,
    group: 'file',
    keys: ['Delete', 'Mod+Backspace'],
    when: () => selectedSource() !== undefined,
    run: () => removeSource(selectedSource()!),
  },
  next: {
    id: 'next',
    label: label.next,
    group: 'file',
    keys: ['ArrowDown'],
    when: () => sources().length > 1,
    run: () => step(selection.source, 1),
    repeats: true,
  },
  previous: {
    id: 'previous',
    label: label.previous,
    group: 'file',
    keys: ['ArrowUp'],
    when: () => sources().length > 1,
    run: () => step(selection.source, -1),
    repeats: true,
  },
  undo: { id: 'undo', label: label.undo, group: 'file', keys: ['Mod+Z'], when: canUndo, run: undoLast, repeats: true },
  redo: {
    id: 'redo',
    label: label.redo,
    group: 'file',
    keys: ['Mod+Shift+Z', 'Mod+Y'],
    when: canRedo,
    run: redoLast,
    repeats: true,
  },

  enhance: {
    id: 'enhance',
    label: label.enhance,
    group: 'work',
    keys: ['E'],
    when: () => canRun('enhance'),
    run: () => runTask('enhance'),
  },
  convert: {
    id: 'convert',
    label: label.convert,
    group: 'work',
    keys: ['C'],
    when: () => canRun('convert'),
    run: () => runTask('convert'),
  },
  vocode: {
    id: 'vocode',
    label: label.vocode,
    group: 'work',
    keys: ['V'],
    when: () => canRun('vocode'),
    run: () => runTask('vocode'),
  },
  run: {
    id: 'run',
    label: label.run,
    group: 'work',
    keys: ['Enter'],
    when: () => canRun(),
    run: () => runTask(),
  },
  nextTask: {
    id: 'nextTask',
    label: label.nextTask,
    group: 'work',
    keys: ['J'],
    when: () => currentTasks().length > 1 && !activeJob(),
    run: chooseNextTask,
  },
  cancel: {
    id: 'cancel',
    label: label.cancel,
    group: 'work',
    keys: ['Escape'],
    when: () => activeJob() !== undefined,
    run: cancelWithCare,
  },
  queue: {
    id: 'queue',
    label: label.queue,
    group: 'work',
    keys: ['Q'],
    when: always,
    run: () => void (panels.side = panels.side === 'queue' ? 'work' : 'queue'),
  },
  models: {
    id: 'models',
    label: label.models,
    group: 'work',
    keys: ['M'],
    when: always,
    run: () => void openDialog('models'),
  },

  play: { id: 'play', label: label.play, group: 'listen', keys: ['Space'], when: hasSound, run: toggle },
  compare: {
    id: 'compare',
    label: label.compare,
    group: 'listen',
    keys: ['B'],
    when: hasBoth,
    run: () => hear(listening.heard === 'result' ? 'original' : 'result'),
  },
  original: {
    id: 'original',
    label: label.original,
    group: 'listen',
    keys: ['1'],
    when: has('original'),
    run: () => hear('original'),
  },
  result: {
    id: 'result',
    label: label.result,
    group: 'listen',
    keys: ['2'],
    when: has('result'),
    run: () => hear('result'),
  },
  noise: {
    id: 'noise',
    label: label.noise,
    group: 'listen',
    keys: ['N', '3'],
    when: has('noise'),
    run: () => hear(listening.heard === 'noise' ? 'result' : 'noise'),
  },
  voice: {
    id: 'voice',
    label: label.voice,
    group: 'listen',
    keys: ['3'],
    when: () => targetVoice() !== undefined && !has('noise')(),
    run: () => toggleSample(targetVoice()!.url),
  },
  match: {
    id: 'match',
    label: label.match,
    group: 'listen',
    keys: ['L'],
    when: hasBoth,
    run: () => void (listening.match = !listening.match),
  },
  back: {
    id: 'back',
    label: label.back,
    group: 'listen',
    keys: ['ArrowLeft'],
    when: hasSound,
    run: () => seek(listening.time - 5),
    repeats: true,
  },
  forward: {
    id: 'forward',
    label: label.forward,
    group: 'listen',
    keys: ['ArrowRight'],
    when: hasSound,
    run: () => seek(listening.time + 5),
    repeats: true,
  },
  backFine: {
    id: 'backFine',
    label: label.backFine,
    group: 'listen',
    keys: ['Shift+ArrowLeft'],
    when: hasSound,
    run: () => seek(listening.time - 1),
    repeats: true,
  },
  forwardFine: {
    id: 'forwardFine',
    label: label.forwardFine,
    group: 'listen',
    keys: ['Shift+ArrowRight'],
    when: hasSound,
    run: () => seek(listening.time + 1),
    repeats: true,
  },
  start: { id: 'start', label: label.start, group: 'listen', keys: ['Home'], when: hasSound, run: () => seek(0) },
  end: {
    id: 'end',
    label: label.end,
    group: 'listen',
    keys: ['End'],
    when: hasSound,
    run: () => seek(listening.duration),
  },
  loop: {
    id: 'loop',
    label: label.loop,
    group: 'listen',
    keys: ['Shift+L'],
    when: () => listening.region !== null,
    run: () => setLooping(!listening.looping),
  },
  loopStart: {
    id: 'loopStart',
    label: label.loopStart,
    group: 'listen',
    keys: ['['],
    when: hasSound,
    run: () => markRegion('from'),
  },
  loopEnd: {
    id: 'loopEnd',
    label: label.loopEnd,
    group: 'listen',
    keys: [']'],
    when: hasSound,
    run: () => markRegion('to'),
  },
  clearLoop: {
    id: 'clearLoop',
    label: en.player.clearLoop,
    group: 'listen',
    keys: ['Escape'],
    when: () => listening.region !== null,
    run: () => setRegion(null),
  },

  spectrogram: {
    id: 'spectrogram',
    label: label.spectrogram,
    group: 'view',
    keys: ['S'],
    when: hasSound,
    run: () => void togglePicture('spectrum'),
  },
  mel: {
    id: 'mel',
    label: label.mel,
    group: 'view',
    keys: ['G'],
    when: hasSound,
    run: () => void togglePicture('mel'),
  },
  zoomIn: {
    id: 'zoomIn',
    label: label.zoomIn,
    group: 'view',
    keys: ['+', '='],
    when: hasSound,
    run: () => zoomBy(1.6),
    repeats: true,
  },
  zoomOut: {
    id: 'zoomOut',
    label: label.zoomOut,
    group: 'view',
    keys: ['-'],
    when: () => hasSound() && !isFitted(),
    run: () => zoomBy(1 / 1.6),
    repeats: true,
  },
  zoomFit: {
    id: 'zoomFit',
    label: label.zoomFit,
    group: 'view',
    keys: ['0'],
    when: () => hasSound() && !isFitted(),
    run: () => zoomFit(),
  },
  theme: { id: 'theme', label: label.theme, group: 'view', keys: ['T'], when: always, run: switchTheme },

  settings: {
    id: 'settings',
    label: label.settings,
    group: 'app',
    keys: ['Mod+,'],
    when: always,
    run: () => void openDialog('settings'),
  },
  shortcuts: {
    id: 'shortcuts',
    label: label.shortcuts,
    group: 'app',
    keys: ['?'],
    when: always,
    run: () => void openDialog('shortcuts'),
  },
} satisfies Record<string, Action>

export const allActions: Action[] = Object.values(actions)

/** The action that starts a task: its own, or the one that starts the chosen task. */
export const actionOf = (task: string | undefined): Action =>
  task === 'enhance' || task === 'convert' || task === 'vocode' ? actions[task] : actions.run

/** The asset that is heard now. */
export function heardAsset() {
  const take = selectedTake()
  return { original: selectedSource(), result: take?.result, noise: take?.noise }[listening.heard]
}
