import { CallError } from '@contract'
import { keepAsset } from '../state/project.svelte'
import { say } from '../state/live.svelte'
import { recordOf, tell, tellError } from '../state/notices.svelte'
import { pause as pausePlayer } from '../state/listening.svelte'
import { select } from '../state/selection.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'
import { span } from '../text/format'
import type { Capture } from './capture'
import { chunkSink, type ChunkSink } from './chunk-sink'
import {
  clearClipped,
  closeMicrophone,
  hideRecorder,
  isRecording,
  listen,
  openRecorder,
  recorder,
  remember,
} from './recorder.svelte'
import { recordingName } from './recording-name'

let source: Capture | undefined
let format = { device: '', channels: 1, sampleRate: 1 }
/** Id of the recording in the engine; empty until it has made a place for it. */
let recording = ''
let beginning: Promise<void> | undefined
let sink: ChunkSink | undefined
/** What was heard since the start, until there is a place for it. */
let early: Float32Array[] = []
let frames = 0
let stopListening = () => {}

window.addEventListener('pagehide', () => sink?.lastWords())

/** Starts a recording; what is being recorded is stopped instead and becomes an asset. */
export async function toggleRecording() {
  if (isRecording()) return stop()
  if (recorder.phase === 'saving') return
  const open = await openRecorder()
  if (open && recorder.phase === 'ready') await start(open)
}

async function start(open: Capture) {
  pausePlayer()
  source = open
  const { label, channels } = open.microphone
  format = { device: label || text.record.unnamed, channels, sampleRate: open.context.sampleRate }
  frames = 0
  recorder.seconds = 0
  recorder.delayed = 0
  clearClipped()
  recorder.phase = 'recording'
  say(text.record.started)
  void remember(open)
  stopListening = listen({
    heard: ({ samples }) => heard(samples),
    gone: (error) => void end(text.record.stopped, error),
  })
  beginning = begin()
  try {
    await beginning
  } catch (thrown) {
    // What was stopped meanwhile puts everything away by itself.
    if (isRecording()) {
      reset()
      recorder.phase = 'ready'
    }
    tellError(text.record.notStarted, thrown)
  }
}

/** Makes a place for the samples on the disk; those that came meanwhile go there first. */
async function begin() {
  const begun = await call('record.start', { name: recordingName(new Date()), ...format })
  recording = begun.recording
  sink = chunkSink({
    ...{ url: begun.url, sampleRate: format.sampleRate, channels: format.channels },
    onDelay: (seconds) => void (recorder.delayed = seconds),
    onFail: (error) => void failed(error),
    refused: (status) => text.record.refused(status),
  })
  for (const piece of early) sink.push(piece)
  early = []
}

function heard(samples: Float32Array) {
  if (recorder.phase === 'paused') sink?.push(new Float32Array(0))
  if (recorder.phase !== 'recording') return
  frames += samples.length / format.channels
  recorder.seconds = frames / format.sampleRate
  if (sink) sink.push(samples)
  else early.push(samples)
}

/** Nothing more can be stored in this recording: it goes on in another where it was only completed meanwhile, else it ends. */
async function failed(error: CallError) {
  // What is being saved already hears of it from its sink.
  if (!isRecording()) return
  if (error.record.code !== 'not-found') return end(text.record.stopped, error)
  try {
    await goOn()
  } catch (thrown) {
    if (isRecording()) await end(text.record.stopped, thrown)
    else tellError(text.record.stopped, thrown)
  }
}

/** Goes on in another recording, which begins with what the one before could not store. */
function goOn(): Promise<void> {
  early = [...(sink?.takeRest() ?? []), ...early]
  sink = undefined
  recording = ''
  tell({ kind: 'warning', title: text.record.split, text: text.record.splitHint })
  beginning = begin()
  return beginning
}

export function togglePause() {
  if (recorder.phase === 'recording') {
    recorder.phase = 'paused'
    say(text.record.paused)
  } else if (recorder.phase === 'paused') {
    recorder.phase = 'recording'
    say(text.record.resumed)
  }
}

/** Puts the microphone and the bar away. A recording is completed first; one that waits for the host is completed without what waits. */
export async function closeRecorder() {
  if (isRecording()) return stop()
  if (recorder.phase !== 'saving') return hideRecorder()
  tell({ kind: 'warning', title: text.record.givenUp(span(recorder.delayed)) })
  sink?.takeRest()
}

/** Completes the recording: it becomes an asset and is shown. */
async function stop() {
  if (recorder.phase === 'recording') await source?.flush()
  // What made an end meanwhile has said so.
  if (!isRecording()) return
  await end()
}

/** Brings a recording to its end; `title` and `reason` say why, where the person did not want it. */
async function end(title = text.record.stopped, reason?: unknown) {
  recorder.phase = 'saving'
  stopListening()
  closeMicrophone()
  try {
    // Whoever began it says why it did not begin.
    await beginning?.catch(() => undefined)
    await store().catch((thrown: unknown) => (reason ??= thrown))
    if (!recording) {
      if (reason) tellError(title, reason)
      return
    }
    const { asset } = await call('record.finish', { recording })
    keepAsset(asset)
    select(asset.id)
    say(text.record.saved(asset.name))
    if (reason) tellError(title, added(reason, asset.name))
  } catch (thrown) {
    tellError(reason ? title : text.record.notAdded, reason ?? kept(thrown))
  } finally {
    reset()
    hideRecorder()
  }
}

/** Waits until everything is stored, in another recording where this one was completed meanwhile. */
async function store() {
  try {
    await sink?.drain()
  } catch (thrown) {
    if (recordOf(thrown).code !== 'not-found') throw thrown
    await goOn()
    await sink?.drain()
  }
}

function reset() {
  stopListening()
  source = undefined
  sink = undefined
  beginning = undefined
  early = []
  recording = ''
}

/** The same error, and that what was recorded before it is safe. */
function added(thrown: unknown, name: string): CallError {
  const { hint, ...record } = recordOf(thrown)
  return new CallError({ ...record, hint: [hint, text.record.upToThere(name)].filter(Boolean).join(' ') })
}

function kept(thrown: unknown): CallError {
  const record = recordOf(thrown)
  return new CallError(record.code === 'unavailable' ? { ...record, hint: text.record.keptHint } : record)
}
