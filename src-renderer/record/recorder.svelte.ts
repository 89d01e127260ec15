import { CallError, type ErrorRecord } from '@contract'
import { project } from '../state/project.svelte'
import { say } from '../state/live.svelte'
import { recordOf } from '../state/notices.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'
import { openCapture, type Capture, type Heard } from './capture'
import { largestOf, levelMeter, lowest, type Level } from './meter'
import { findChosen, microphones, type Microphone } from './microphones'

export type Phase = 'off' | 'opening' | 'ready' | 'recording' | 'paused' | 'saving'

/** What the record bar shows. */
export const recorder = $state({
  phase: 'off' as Phase,
  /** Whether the bar is there. */
  shown: false,
  microphones: [] as Microphone[],
  /** Id of the microphone that was chosen; empty for the system's own. */
  microphone: '',
  channels: 1,
  levels: [] as Level[],
  /** Seconds recorded. */
  seconds: 0,
  monitor: false,
  /** Seconds of sound that wait here because the host does not answer. */
  delayed: 0,
  muted: false,
  /** Whether the microphone has fallen silent, as none that is open does. */
  stalled: false,
  /** Why no microphone is open. */
  problem: null as ErrorRecord | null,
})

/** Who makes something of what the microphone hears. */
export interface Listener {
  heard(piece: Heard, channels: number): void
  /** Told why nothing more will be heard. */
  gone?(error: CallError): void
}

let capture: Capture | undefined
let opening: Promise<Capture | undefined> | undefined
let meters = [levelMeter()]
let listeners: Listener[] = []

/** Whether a recording is being made. */
export const isRecording = () => recorder.phase === 'recording' || recorder.phase === 'paused'

/** Lets `listener` hear; answers how to end it. */
export function listen(listener: Listener): () => void {
  listeners = [...listeners, listener]
  return () => void (listeners = listeners.filter((other) => other !== listener))
}

/** Shows the bar and opens the microphone that was used last. Resolves with what is open; undefined where none could be, and says why. */
export function openRecorder(): Promise<Capture | undefined> {
  recorder.shown = true
  if (capture) return Promise.resolve(capture)
  const chosen = project.settings.microphone
  return open(chosen?.channels ?? 1, async () => findChosen(await microphones(), chosen)?.id)
}

/** Changes the microphone or its channels; remembered for the next time. */
export async function chooseMicrophone(id: string, channels = recorder.channels) {
  if (opening || isRecording() || recorder.phase === 'saving') return
  closeMicrophone()
  const opened = await open(channels, async () => id || undefined)
  if (opened) await remember(opened)
}

/** Opens the microphone that `which` names; where one is being opened already, that. */
function open(channels: number, which: () => Promise<string | undefined>): Promise<Capture | undefined> {
  recorder.phase = 'opening'
  recorder.problem = null
  recorder.seconds = 0
  const work = async () => {
    recorder.channels = channels
    try {
      capture = await openOne(await which())
    } catch (thrown) {
      recorder.problem = recordOf(thrown)
      recorder.phase = 'off'
      return undefined
    }
    // The bar may have been put away meanwhile.
    if (!recorder.shown) {
      hideRecorder()
      return undefined
    }
    recorder.phase = 'ready'
    capture.monitor(recorder.monitor)
    void listMicrophones()
    return capture
  }
  opening ??= work().finally(() => (opening = undefined))
  return opening
}

/** Opens a microphone; where it is not there any more the system's own. */
async function openOne(id: string | undefined): Promise<Capture> {
  const { channels } = recorder
  meters = Array.from({ length: channels }, () => levelMeter())
  recorder.levels = meters.map(() => ({ peak: lowest, held: lowest, clipped: false }))
  recorder.muted = false
  recorder.stalled = false
  const options = {
    ...{ channels, onHeard: heard, onGone: gone },
    onMuted: (muted: boolean) => void (recorder.muted = muted),
    onStalled: (stalled: boolean) => void (recorder.stalled = stalled),
  }
  try {
    recorder.microphone = id ?? ''
    return await openCapture({ ...options, id })
  } catch (thrown) {
    if (id === undefined || recordOf(thrown).code !== 'not-found') throw thrown
    recorder.microphone = ''
    return openCapture({ ...options, id: undefined })
  }
}

async function listMicrophones() {
  recorder.microphones = await microphones().catch(() => [])
}
navigator.mediaDevices?.addEventListener('devicechange', () => {
  if (recorder.shown) void listMicrophones()
})

function heard(piece: Heard) {
  if (!capture) return
  const { channels } = recorder
  const seconds = piece.samples.length / channels / capture.context.sampleRate
  const largest = largestOf(piece.samples, channels)
  const wasClipped = isClipped()
  meters.forEach((meter, c) => Object.assign(recorder.levels[c]!, meter.take(largest[c]!, seconds)))
  if (isClipped() && !wasClipped) say(text.record.clipped)
  for (const listener of listeners) listener.heard(piece, channels)
}

const isClipped = () => recorder.levels.some(({ clipped }) => clipped)

/** The microphone was pulled out, or the system took it away. */
function gone() {
  const name = capture?.microphone.label || text.record.unnamed
  const error = new CallError({ code: 'unavailable', message: text.record.pulled(name) })
  for (const listener of listeners) listener.gone?.(error)
  // A recording ends with it, and then the bar.
  if (recorder.phase === 'saving') return
  closeMicrophone()
  recorder.phase = 'off'
  recorder.problem = { ...error.record, hint: text.record.goneHint }
  void listMicrophones()
}

/** Lets go of the microphone; the bar stays. */
export function closeMicrophone() {
  capture?.close()
  capture = undefined
}

/** Puts the microphone and the bar away. */
export function hideRecorder() {
  closeMicrophone()
  Object.assign(recorder, { shown: false, phase: 'off', problem: null, monitor: false, delayed: 0, stalled: false })
}

/** Has the engine remember a microphone for the next time. */
export const remember = ({ microphone: { label, channels } }: Capture) =>
  call('settings.set', {
    microphone: { id: recorder.microphone, label: recorder.microphone ? label : '', channels },
  }).then(
    () => undefined,
    () => undefined,
  )

export function setMonitor(on: boolean) {
  recorder.monitor = on
  capture?.monitor(on)
}

export function clearClipped() {
  for (const meter of meters) meter.clear()
  for (const level of recorder.levels) level.clipped = false
}
