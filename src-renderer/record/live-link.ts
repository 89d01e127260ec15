import { CallError, ErrorRecord } from '@contract'

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
}

/** Seconds of sound in the shortest piece that is worth a request. */
const shortest = 0.04
/** Seconds of sound that must have come back before its speed means anything. */
const telling = 0.2

/** Sends mono sound as it is spoken and hands over what comes back; one request at a time, each with all that was spoken meanwhile. */
export function liveLink({ url, sampleRate, onSound, onSpeed, onFail, send = fetch }: LiveLinkOptions): LiveLink {
  let waiting: Float32Array[] = []
  let samples = 0
  let part = 0
  let isEnding = false
  let isOver = false
  let isSending = false
  let ended = () => {}
  let computed = 0
  let returned = 0

  const take = () => {
    const joined = new Float32Array(samples)
    let at = 0
    for (const piece of waiting) {
      joined.set(piece, at)
      at += piece.length
    }
    waiting = []
    samples = 0
    return joined
  }
  const sendOne = async () => {
    const last = isEnding
    const response = await send(`${url}?part=${part++}${last ? '&last' : ''}`, { method: 'POST', body: take() })
    if (!response.ok) {
      const answer = (await response.json().catch(() => ({}))) as { error?: unknown }
      const record = ErrorRecord.safeParse(answer.error)
      throw new CallError(
        record.success ? record.data : { code: 'unavailable', message: `It was refused (status ${response.status}).` },
      )
    }
    const sound = new Float32Array(await response.arrayBuffer())
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
      isOver = true
      onFail(
        thrown instanceof CallError
          ? thrown
          : new CallError({
              code: 'unavailable',
              message: 'The engine is not answering.',
              hint: 'Try again in a moment.',
            }),
      )
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
  }
}
