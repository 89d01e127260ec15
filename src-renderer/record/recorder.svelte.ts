import { CallError, type ErrorRecord } from '@contract'
import { keepAsset, project } from '../state/project.svelte'
import { say } from '../state/live.svelte'
import { recordOf, tell, tellError } from '../state/notices.svelte'
import { pause as pausePlayer } from '../state/listening.svelte'
import { select } from '../state/selection.svelte'
import { call } from '../transport/engine'
import { en } from '../text/en'
import { openCapture, type Capture, type Heard } from './capture'
import { chunkSink, type ChunkSink } from './chunk-sink'
import { largestOf, levelMeter, lowest, type Level } from './meter'
import { findChosen, microphones, type Microphone } from './microphones'
import { recordingName } from './recording-name'

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
  /** Why no microphone is open. */
  problem: null as ErrorRecord | null,
})

let capture: Capture | undefined
let opening: Promise<Capture | undefined> | undefined
let meters = [levelMeter()]
let sink: ChunkSink | undefined
/** What was heard since the start, until there is a place for it. */
let early: Float32Array[] = []
let recording = ''
let frames = 0
let listeners: ((heard: Heard, channels: number) => void)[] = []

/** Whether a recording is being made. */
export const isRecording = () => recorder.phase === 'recording' || recorder.phase === 'paused'

/** Calls `take` with all that is heard; answers how to end it. */
export function onHeard(take: (heard: Heard, channels: number) => void): () => void {
  listeners = [...listeners, take]
  return () => void (listeners = listeners.filter((other) => other !== take))
}

/** Shows the bar and opens the microphone that was used last. Resolves with what is open; undefined where none could be, and says why. */
export function openRecorder(): Promise<Capture | undefined> {
  recorder.shown = true
  if (capture) return Promise.resolve(capture)
  opening ??= open().finally(() => (opening = undefined))
  return opening
}

async function open(): Promise<Capture | undefined> {
  recorder.phase = 'opening'
  recorder.problem = null
  recorder.seconds = 0
  const chosen = project.settings.microphone
  recorder.channels = chosen?.channels ?? 1
  try {
    const found = findChosen(await microphones(), chosen)
    capture = await openOne(found?.id)
  } catch (thrown) {
    recorder.problem = recordOf(thrown)
    recorder.phase = 'off'
    say(recorder.problem.message)
    return undefined
  }
  if (!recorder.shown) {
    close()
    return undefined
  }
  recorder.phase = 'ready'
  capture.monitor(recorder.monitor)
  await listMicrophones()
  return capture
}

/** Opens a microphone; where it is not there any more the system's own. */
async function openOne(id: string | undefined): Promise<Capture> {
  const { channels } = recorder
  meters = Array.from({ length: channels }, () => levelMeter())
  recorder.levels = meters.map(() => ({ peak: lowest, held: lowest, clipped: false }))
  recorder.muted = false
  const options = { channels, onHeard: heard, onGone: gone, onMuted: (muted: boolean) => void (recorder.muted = muted) }
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
window.addEventListener('pagehide', () => sink?.lastWords())

function heard(piece: Heard) {
  const { channels } = recorder
  const seconds = piece.samples.length / channels / capture!.context.sampleRate
  const largest = largestOf(piece.samples, channels)
  meters.forEach((meter, c) => Object.assign(recorder.levels[c]!, meter.take(largest[c]!, seconds)))
  for (const listener of listeners) listener(piece, channels)
  if (recorder.phase === 'recording') {
    frames += piece.samples.length / channels
    recorder.seconds = frames / capture!.context.sampleRate
    if (sink) sink.push(piece.samples)
    else early.push(piece.samples)
  } else if (recorder.phase === 'paused') sink?.push(new Float32Array(0))
}

/** Puts the microphone and the bar away. A recording is completed first. */
export async function closeRecorder() {
  if (isRecording()) return stop()
  close()
}

function close() {
  capture?.close()
  capture = undefined
  recorder.shown = false
  recorder.phase = 'off'
  recorder.problem = null
}

/** Changes the microphone or its channels; remembered for the next time. */
export async function chooseMicrophone(id: string, channels = recorder.channels) {
  if (isRecording()) return
  capture?.close()
  capture = undefined
  recorder.channels = channels
  recorder.phase = 'opening'
  recorder.problem = null
  try {
    capture = await openOne(id || undefined)
    recorder.phase = 'ready'
    capture.monitor(recorder.monitor)
    await listMicrophones()
    await remember(capture)
  } catch (thrown) {
    recorder.problem = recordOf(thrown)
    recorder.phase = 'off'
  }
}

const remember = ({ microphone: { label, channels } }: Capture) =>
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

/** Starts a recording; what is being recorded is stopped instead and becomes an asset. */
export async function toggleRecording() {
  if (isRecording()) return stop()
  if (recorder.phase === 'saving') return
  const open = await openRecorder()
  if (open && recorder.phase === 'ready') await start(open)
}

async function start(open: Capture) {
  pausePlayer()
  early = []
  frames = 0
  recorder.seconds = 0
  recorder.delayed = 0
  clearClipped()
  recorder.phase = 'recording'
  say(en.record.started)
  void remember(open)
  try {
    await begin(open, recordingName(new Date()))
  } catch (thrown) {
    recorder.phase = 'ready'
    tellError(en.record.notStarted, thrown)
  }
}

/** Makes a place for the samples on the disk; those that came meanwhile go there first. */
async function begin({ context, microphone }: Capture, name: string) {
  const { channels } = recorder
  const begun = await call('record.start', {
    ...{ name, device: microphone.label || en.record.unnamed, channels },
    sampleRate: context.sampleRate,
  })
  recording = begun.recording
  sink = chunkSink({
    ...{ url: begun.url, sampleRate: context.sampleRate, channels },
    onDelay: (seconds) => void (recorder.delayed = seconds),
    onFail: (error) => void failed(error),
  })
  for (const piece of early) sink.push(piece)
  early = []
}

/** Nothing more can be stored in this recording: it goes on in another where it was only completed meanwhile, else it ends. */
async function failed(error: CallError) {
  const old = sink
  sink = undefined
  if (error.record.code === 'not-found' && capture && isRecording()) {
    early = [...(old?.takeRest() ?? []), ...early]
    tell({ kind: 'warning', title: en.record.split, text: en.record.splitHint })
    try {
      return await begin(capture, recordingName(new Date()))
    } catch (thrown) {
      return end(en.record.stopped, thrown)
    }
  }
  await end(en.record.stopped, error)
}

export function togglePause() {
  if (recorder.phase === 'recording') {
    recorder.phase = 'paused'
    say(en.record.paused)
  } else if (recorder.phase === 'paused') {
    recorder.phase = 'recording'
    say(en.record.resumed)
  }
}

/** Completes the recording: it becomes an asset and is shown. */
async function stop() {
  if (recorder.phase === 'recording') await capture?.flush()
  // What made an end meanwhile has said so.
  if (!isRecording()) return
  await end()
}

/** Brings a recording to its end; `title` and `reason` say why, where the person did not want it. */
async function end(title?: string, reason?: unknown) {
  recorder.phase = 'saving'
  const own = recording
  try {
    if (sink) await sink.drain().catch((thrown: unknown) => (reason ??= thrown))
    const { asset } = await call('record.finish', { recording: own })
    keepAsset(asset)
    select(asset.id)
    say(en.record.saved(asset.name))
    if (reason) tellError(title ?? en.record.stopped, added(reason, asset.name))
  } catch (thrown) {
    tellError(reason ? (title ?? en.record.stopped) : en.record.notAdded, reason ?? kept(thrown))
  } finally {
    sink = undefined
    early = []
    recording = ''
    close()
  }
}

/** The same error, and that what was recorded before it is safe. */
function added(thrown: unknown, name: string): CallError {
  const { hint, ...record } = recordOf(thrown)
  return new CallError({ ...record, hint: [hint, en.record.upToThere(name)].filter(Boolean).join(' ') })
}

function kept(thrown: unknown): CallError {
  const record = recordOf(thrown)
  return new CallError(record.code === 'unavailable' ? { ...record, hint: en.record.keptHint } : record)
}

/** The microphone was pulled out, or the system took it away. */
function gone() {
  const name = capture?.microphone.label || en.record.unnamed
  const error = new CallError({ code: 'unavailable', message: en.record.pulled(name) })
  if (isRecording()) {
    void end(en.record.stopped, error)
    return
  }
  capture?.close()
  capture = undefined
  recorder.phase = 'off'
  recorder.problem = { ...error.record, hint: en.record.goneHint }
  void listMicrophones()
}
