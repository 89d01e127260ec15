import type { LiveSession, Pack, Settings } from '@contract'
import { pause as pausePlayer } from '../state/listening.svelte'
import { say } from '../state/live.svelte'
import { tell, tellError } from '../state/notices.svelte'
import { project } from '../state/project.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'
import type { Capture } from './capture'
import { liveLink } from './live-link'
import { playout, type Playout } from './playout'
import { isRecording, listen, openRecorder, recorder } from './recorder.svelte'

type LiveChoice = NonNullable<Settings['live']>

export type TalkPhase = 'idle' | 'opening' | 'speaking' | 'finishing'

/** Hearing oneself in another voice while a button or key is held. */
export const talk = $state({
  phase: 'idle' as TalkPhase,
  /** What was chosen here; the rest is as it was the last time. */
  chosen: {} as Partial<LiveChoice>,
  /** Milliseconds from the microphone to the headphones, as measured; null before the first. */
  latency: null as number | null,
  /** Of those, what the model's frame takes, whatever the machine. */
  frame: 0,
  /** Seconds of computation per second of sound. */
  rtf: null as number | null,
  gaps: 0,
  device: '',
})

/** Whether the machine is too slow to be heard while one speaks: the voice is then played as a whole. */
export const isSlow = () => talk.rtf !== null && talk.rtf > 0.95

const liveKind = 'blow'

/** The models that convert voices. */
export const voicePacks = (): Pack[] =>
  project.packs.filter((pack) => pack.kind === liveKind && voicesOf(pack).length > 1)

/** Names of the voices of a model. */
export const voicesOf = (pack: Pack | undefined): string[] => pack?.voices?.map(({ name }) => name) ?? []

const wanted = (): Partial<LiveChoice> => ({ ...project.settings.live, ...talk.chosen })

export const talkPack = () => voicePacks().find(({ id }) => id === wanted().pack) ?? voicePacks()[0]
export const talkFrom = () =>
  voicesOf(talkPack()).find((name) => name === wanted().from) ?? voicesOf(talkPack())[0] ?? ''
export const talkTo = () => {
  const voices = voicesOf(talkPack())
  return voices.find((name) => name === wanted().to) ?? voices.find((name) => name !== talkFrom()) ?? ''
}

/** Changes the model or a voice, and has the engine remember all three. */
export function chooseTalk(change: Partial<LiveChoice>) {
  Object.assign(talk.chosen, change)
  void call('settings.set', { live: { pack: talkPack()?.id ?? '', from: talkFrom(), to: talkTo() } }).catch(
    () => undefined,
  )
}

/** Whether it can be done now. */
export const canTalk = () => voicePacks().length > 0 && !isRecording() && recorder.phase !== 'saving'

let session: (LiveSession & { pack: string; rate: number }) | undefined
let isHeld = false
/** Calls off what is being opened. */
let opening: AbortController | undefined
/** What is being said, until all of it came back. */
let utterance: { stop(): Promise<void>; cancel(): void } | undefined
/** What was scheduled to be heard and is not over. */
let sounding: AudioBufferSourceNode[] = []

/** The button or key goes down: opens what is needed, then converts what is heard until `release`. */
export async function hold() {
  // Let go and pressed again while it opens.
  if (talk.phase === 'opening') isHeld = true
  if (isHeld || talk.phase !== 'idle' || !canTalk()) return
  isHeld = true
  talk.phase = 'opening'
  const own = (opening = new AbortController())
  try {
    silence()
    pausePlayer()
    const capture = await openRecorder()
    if (!capture || own.signal.aborted) return
    await ready(capture, own.signal)
    if (isHeld && !own.signal.aborted) speak(capture)
  } catch (thrown) {
    if (own.signal.aborted) return
    session = undefined
    tellError(text.talk.failed, thrown)
  } finally {
    if (!own.signal.aborted && talk.phase === 'opening') talk.phase = 'idle'
  }
}

/** Sees to it that the engine holds the chosen model with the chosen voices. */
async function ready({ context }: Capture, signal: AbortSignal) {
  const pack = talkPack()!
  const choice = { pack: pack.id, from: talkFrom(), to: talkTo() }
  const rate = context.sampleRate
  if (session?.pack === choice.pack && session.rate === rate) {
    const { from, to } = choice
    // The engine may have closed it, being quiet for long.
    const isOpen = await call('live.voices', { session: session.session, from, to }).then(
      () => true,
      () => false,
    )
    if (isOpen || signal.aborted) return
  }
  const opened = await call('live.open', { ...choice, sampleRate: rate }, { signal })
  if (signal.aborted) return close(opened)
  session = { ...opened, pack: pack.id, rate }
  talk.frame = Math.round((1000 * opened.frame) / opened.sampleRate)
  talk.device = opened.device
  talk.rtf = null
  talk.latency = null
  if (opened.fallback) tell({ kind: 'warning', title: text.job.fallback, text: opened.fallback })
}

function speak(capture: Capture) {
  const { context } = capture
  const own = session!
  talk.phase = 'speaking'
  talk.gaps = 0
  let out: Playout | undefined
  let start = 0
  /** What is kept until the end, because the machine is too slow to play it at once. */
  const whole: Float32Array[] = []
  const sound = (samples: Float32Array, when: number) => {
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: context.sampleRate })
    buffer.copyToChannel(samples as Float32Array<ArrayBuffer>, 0)
    const node = new AudioBufferSourceNode(context, { buffer })
    sounding.push(node)
    node.onended = () => (sounding = sounding.filter((other) => other !== node))
    node.connect(context.destination)
    node.start(when)
  }
  const link = liveLink({
    ...{ url: own.url, sampleRate: context.sampleRate },
    onSpeed: (rtf) => void (talk.rtf = rtf),
    onSound(samples) {
      if (isSlow() || whole.length) return void whole.push(samples)
      out ??= playout({ context, sound, start, inputLatency: capture.inputLatency })
      out.push(samples)
      talk.latency = Math.round(1000 * out.latency!)
      talk.gaps = out.gaps
    },
    onFail(error) {
      // It may only have been closed for being quiet; the next hold opens another.
      session = undefined
      isHeld = false
      tellError(text.talk.failed, error)
    },
  })
  let isFirst = true
  const stopListening = listen({
    heard({ samples, start: at }, channels) {
      if (isFirst) start = at
      isFirst = false
      link.push(mono(samples, channels))
    },
  })
  const said = {
    async stop() {
      stopListening()
      talk.phase = 'finishing'
      await link.end()
      if (utterance !== said) return
      utterance = undefined
      let when = context.currentTime + 0.05
      for (const samples of whole) {
        sound(samples, when)
        when += samples.length / context.sampleRate
      }
      if (whole.length) say(text.talk.slowSpoken)
      talk.phase = 'idle'
    },
    cancel() {
      utterance = undefined
      stopListening()
      link.cancel()
    },
  }
  utterance = said
}

/** Ends what is still being played. */
function silence() {
  for (const node of sounding) node.stop()
  sounding = []
}

/** The button or key goes up. */
export function release() {
  isHeld = false
  if (talk.phase === 'speaking') void utterance?.stop()
}

const close = ({ session }: LiveSession) => void call('live.close', { session }).catch(() => undefined)

/** Breaks off whatever is said, and lets go of the model. */
export function closeTalk() {
  isHeld = false
  opening?.abort()
  utterance?.cancel()
  silence()
  talk.phase = 'idle'
  if (session) close(session)
  session = undefined
  talk.latency = null
}

/** The mean of interleaved channels. */
export function mono(samples: Float32Array, channels: number): Float32Array {
  if (channels === 1) return samples
  const mixed = new Float32Array(samples.length / channels)
  for (let i = 0; i < samples.length; i++) mixed[Math.floor(i / channels)]! += samples[i]! / channels
  return mixed
}
