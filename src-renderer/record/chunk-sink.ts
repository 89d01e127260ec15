import { CallError, ErrorRecord } from '@contract'

export interface SinkOptions {
  /** Where chunks are sent: `POST url?at=<byte>`. */
  url: string
  sampleRate: number
  channels: number
  /** Told when the host does not answer, with the seconds of sound that wait here, and once with 0 when it does again. */
  onDelay(seconds: number): void
  /** Told once when nothing more can be stored. */
  onFail(error: CallError): void
  /** What is said where the host refuses without a reason. */
  refused(status: number): string
  send?: typeof fetch
}

/** The way of a recording from the microphone to the disk. What is not stored yet waits here and is sent again until it is. */
export interface ChunkSink {
  /** Takes interleaved samples. Without any it only says that the recording goes on. */
  push(samples: Float32Array): void
  /** Resolves when everything is stored; rejects with what stands in the way. */
  drain(): Promise<void>
  /** Takes back what is not stored yet, for another sink; nothing more is sent, and nobody waits for it any more. */
  takeRest(): Float32Array[]
  /** Sends what is left in a way that outlives the page. */
  lastWords(): void
}

/** Seconds of sound in a chunk, and after which a recording without new sound says that it goes on. */
const chunkSeconds = 0.2
const signSeconds = 1.5
const longestChunk = 4 * 1024 * 1024
/** Browsers carry so many bytes past the end of a page. */
const longestLastWords = 60_000
const firstWait = 250
const longestWait = 2000
/** Milliseconds after which the host is taken not to answer: this long, and for each byte what a slow line needs. */
const patience = (bytes: number) => 10_000 + bytes / 20

export function chunkSink({
  url,
  sampleRate,
  channels,
  onDelay,
  onFail,
  refused,
  send = fetch,
}: SinkOptions): ChunkSink {
  const blockAlign = 4 * channels
  let waiting: Float32Array[] = []
  let waitingBytes = 0
  /** Bytes that are stored. */
  let stored = 0
  let lastSent = performance.now()
  let isSending = false
  let isEnding = false
  let isDelayed = false
  let failed: CallError | undefined
  let isOver = false
  const drained = new Set<{ resolve(): void; reject(error: CallError): void }>()

  const secondsWaiting = () => waitingBytes / blockAlign / sampleRate

  const settle = () => {
    if (!failed && (waitingBytes > 0 || isSending)) return
    for (const { resolve, reject } of drained) failed ? reject(failed) : resolve()
    drained.clear()
  }
  const fail = (error: CallError) => {
    failed = error
    isOver = true
    onFail(error)
  }
  /** The first bytes that wait, in one piece; they go on waiting until they are stored. */
  const front = (most: number): Float32Array<ArrayBuffer> => {
    const bytes = Math.min(waitingBytes, most - (most % blockAlign))
    const joined = new Float32Array(bytes / 4)
    let at = 0
    for (const piece of waiting) {
      if (at >= joined.length) break
      const part = piece.subarray(0, joined.length - at)
      joined.set(part, at)
      at += part.length
    }
    return joined
  }
  const drop = (bytes: number) => {
    let left = bytes / 4
    while (left > 0 && waiting[0]) {
      const piece = waiting[0]
      if (piece.length <= left) waiting.shift()
      else waiting[0] = piece.subarray(left)
      left -= Math.min(left, piece.length)
    }
    waitingBytes -= bytes
  }
  const post = (body: Float32Array<ArrayBuffer>, more: RequestInit = {}) =>
    send(`${url}?at=${stored}`, { method: 'POST', body, ...more })

  /** Sends one chunk; false where it is to be tried again. */
  const sendOne = async (): Promise<boolean> => {
    const chunk = front(longestChunk)
    let response: Response
    let answer: { have?: number; error?: unknown }
    try {
      response = await post(chunk, { signal: AbortSignal.timeout(patience(chunk.byteLength)) })
      answer = (await response.json().catch(() => ({}))) as typeof answer
    } catch {
      return false
    }
    if (isOver) return true
    if (response.ok) {
      drop(chunk.byteLength)
      stored += chunk.byteLength
      return true
    }
    // The host has less than it said, e.g. after a power cut: what is missing there is not here any more either.
    if (response.status === 409 && typeof answer.have === 'number') {
      stored = answer.have
      return true
    }
    const record = ErrorRecord.safeParse(answer.error)
    if (response.status >= 500 && response.status !== 507) return false
    fail(new CallError(record.success ? record.data : { code: 'unavailable', message: refused(response.status) }))
    return true
  }

  const pump = async () => {
    if (isSending) return
    isSending = true
    let wait = firstWait
    const due = () =>
      !isOver &&
      ((waitingBytes > 0 && (isEnding || secondsWaiting() >= chunkSeconds)) ||
        performance.now() - lastSent > signSeconds * 1000)
    while (due()) {
      if (await sendOne()) {
        lastSent = performance.now()
        wait = firstWait
        if (isDelayed) onDelay(0)
        isDelayed = false
        continue
      }
      isDelayed = true
      onDelay(secondsWaiting())
      await new Promise((resolve) => setTimeout(resolve, wait))
      wait = Math.min(longestWait, wait * 2)
    }
    isSending = false
    settle()
  }

  return {
    push(samples) {
      if (isOver) return
      if (samples.length) waiting.push(samples)
      waitingBytes += samples.byteLength
      void pump()
    },
    drain() {
      isEnding = true
      return new Promise((resolve, reject) => {
        drained.add({ resolve, reject })
        if (!isSending) settle()
        void pump()
      })
    },
    takeRest() {
      isOver = true
      const rest = waiting
      waiting = []
      waitingBytes = 0
      for (const { resolve } of drained) resolve()
      drained.clear()
      return rest
    },
    lastWords() {
      if (isOver || waitingBytes === 0) return
      // What is on its way may be cut off with the page, and does no harm when it arrives twice.
      void post(front(longestLastWords), { keepalive: true }).catch(() => undefined)
    },
  }
}
