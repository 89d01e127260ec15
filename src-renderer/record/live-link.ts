import { CallError, ErrorRecord } from '@contract'
import { text } from '../text/text.svelte'

export interface LiveLinkOptions {
  url: string
  sampleRate: number
  /** Told converted samples, in order. */
  onSound(samples: Float32Array): void
  /** Told seconds of computation per second of sound whenever it is known better. */
  onSpeed(rtf: number): void
  onFail(error: CallError): void
  send?: typeof fetch
}

/** One utterance on its way through the engine. */
export interface LiveLink {
  push(samples: Float32Array): void
  /** The utterance is over; resolves when all of it came back. */
  end(): Promise<void>
  /** Nothing more of it is wanted, nor told. */
  cancel(): void
}

/** Seconds of sound in the shortest piece that is worth a request. */
const shortest = 0.04
/** Samples in the longest piece that the host takes, with room: what waits longer goes in several. */
const longest = 250_000
/** Seconds of sound that must have come back before its speed means anything. */
const telling = 0.2

/** Sends mono sound as it is spoken and hands over what comes back; one request at a time, each with all that was spoken meanwhile. */
export function liveLink({ url, sampleRate, onSound, onSpeed, onFail, send = fetch }: LiveLinkOptions): LiveLink {
  const waiting: Float32Array[] = []
  let samples = 0
  let part = 0
  let isEnding = false
  let isOver = false
  let isSending = false
  let ended = () => {}
  let computed = 0
  let returned = 0
  const called = new AbortController()

  const take = () => {
    const joined = new Float32Array(Math.min(samples, longest))
    for (let at = 0; at < joined.length;) {
      const piece = waiting.shift()!
      const fitting = piece.subarray(0, joined.length - at)
      joined.set(fitting, at)
      at += fitting.length
      if (fitting.length < piece.length) waiting.unshift(piece.subarray(fitting.length))
    }
    samples -= joined.length
    return joined
  }
  const sendOne = async () => {
    const body = take()
    const last = isEnding && samples === 0
    const address = `${url}?part=${part++}${last ? '&last' : ''}`
    const response = await send(address, { method: 'POST', body, signal: called.signal })
    if (!response.ok) {
      const answer = (await response.json().catch(() => ({}))) as { error?: unknown }
      const record = ErrorRecord.safeParse(answer.error)
      throw new CallError(
        record.success ? record.data : { code: 'unavailable', message: text.talk.refused(response.status) },
      )
    }
    const sound = new Float32Array(await response.arrayBuffer())
    if (isOver) return
    computed += Number(response.headers.get('compute-seconds') ?? 0)
    returned += sound.length / sampleRate
    if (returned >= telling) onSpeed(computed / returned)
    if (sound.length) onSound(sound)
    if (last) isOver = true
  }
  const pump = async () => {
    if (isSending) return
    isSending = true
    try {
      while (!isOver && (isEnding || samples >= shortest * sampleRate)) await sendOne()
    } catch (thrown) {
      if (isOver) return
      isOver = true
      const silent = { code: 'unavailable' as const, message: text.talk.silent, hint: text.talk.silentHint }
      onFail(thrown instanceof CallError ? thrown : new CallError(silent))
    } finally {
      isSending = false
      if (isOver) ended()
    }
  }
  return {
    push(piece) {
      if (isOver || isEnding) return
      waiting.push(piece)
      samples += piece.length
      void pump()
    },
    end() {
      isEnding = true
      return new Promise<void>((resolve) => {
        if (isOver) return resolve()
        ended = resolve
        void pump()
      })
    },
    cancel() {
      isOver = true
      called.abort()
      ended()
    },
  }
}
