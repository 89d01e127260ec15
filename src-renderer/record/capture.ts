import workletUrl from './capture-worklet?worker&url'
import { openMicrophone, plainName, type ChosenMicrophone } from './microphones'

/** Samples as they come, interleaved, and the frame of the context's clock at which the first was heard. */
export interface Heard {
  samples: Float32Array
  start: number
}

/** An open microphone. */
export interface Capture {
  readonly context: AudioContext
  readonly microphone: ChosenMicrophone
  /** Seconds from the air to the context's clock, as far as the browser tells. */
  readonly inputLatency: number
  /** Lets what is heard be heard in the loudspeaker too. */
  monitor(on: boolean): void
  /** Hands over what was heard up to now. */
  flush(): Promise<void>
  close(): void
}

export interface CaptureOptions {
  id: string | undefined
  channels: number
  onHeard(heard: Heard): void
  /** The microphone is gone: pulled out, or taken away by the system. */
  onGone(): void
  /** The system has switched it off, or on again. */
  onMuted(muted: boolean): void
  /** Nothing is heard any more, not even silence; told again when something is. */
  onStalled(stalled: boolean): void
}

/** Seconds in a piece: short enough for a quick meter and a quick answer. */
const pieceSeconds = 0.02
/** Milliseconds without a piece after which the context is taken to have been stopped, as systems do for a call or with a device. */
const patience = 2000

/** Opens a microphone; throws what `openMicrophone` throws. */
export async function openCapture({
  id,
  channels,
  onHeard,
  onGone,
  onMuted,
  onStalled,
}: CaptureOptions): Promise<Capture> {
  const stream = await openMicrophone(id, channels)
  const track = stream.getAudioTracks()[0]!
  const settings = track.getSettings() as MediaTrackSettings & { latency?: number }
  let context: AudioContext | undefined
  const letGo = () => {
    for (const each of stream.getTracks()) each.stop()
    void context?.close()
  }
  try {
    context = newContext(settings.sampleRate)
    await context.audioWorklet.addModule(workletUrl)
    // Until somebody touches the page it may not settle; what is heard shows itself when it does.
    if (context.state !== 'running') await Promise.race([context.resume(), after(1000)])
    const source = new MediaStreamAudioSourceNode(context, { mediaStream: stream })
    const frames = Math.ceil((pieceSeconds * context.sampleRate) / 128) * 128
    const node = new AudioWorkletNode(context, 'capture', {
      ...{ numberOfInputs: 1, numberOfOutputs: 0, channelCount: channels, channelCountMode: 'explicit' },
      processorOptions: { channels, frames },
    })
    source.connect(node)
    const own = context
    const loud = new GainNode(own, { gain: 0 })
    let isMonitored = false
    let isOver = false
    let flushed = () => {}
    let heardAt = performance.now()
    let isStalled = false
    const tellStalled = (stalled: boolean) => {
      if (stalled !== isStalled) onStalled(stalled)
      isStalled = stalled
    }
    const watch = setInterval(() => {
      if (performance.now() - heardAt < patience) return
      tellStalled(true)
      void own.resume().catch(() => undefined)
    }, 500)
    node.port.onmessage = ({ data }: MessageEvent<Heard | null>) => {
      heardAt = performance.now()
      tellStalled(false)
      if (data && !isOver) onHeard(data)
      else if (!data) flushed()
    }
    track.onended = () => !isOver && onGone()
    track.onmute = () => onMuted(true)
    track.onunmute = () => onMuted(false)
    if (track.muted) onMuted(true)
    return {
      context: own,
      microphone: { id: settings.deviceId ?? id ?? '', label: plainName(track.label), channels },
      inputLatency: settings.latency ?? 0,
      monitor(on) {
        if (on === isMonitored) return
        isMonitored = on
        if (on) source.connect(loud).connect(own.destination)
        loud.gain.setTargetAtTime(on ? 1 : 0, own.currentTime, 0.01)
        if (!on) setTimeout(() => !isMonitored && loud.disconnect(), 100)
      },
      async flush() {
        const done = new Promise<void>((resolve) => (flushed = resolve))
        node.port.postMessage('flush')
        // A context that was stopped under it does not answer any more.
        await Promise.race([done, after(300)])
      },
      close() {
        if (isOver) return
        isOver = true
        clearInterval(watch)
        letGo()
      },
    }
  } catch (thrown) {
    letGo()
    throw thrown
  }
}

const after = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

/** A context at the microphone's own rate where the browser has such, so that nothing is resampled on the way. */
function newContext(sampleRate: number | undefined): AudioContext {
  try {
    return new AudioContext({ latencyHint: 'interactive', ...(sampleRate ? { sampleRate } : {}) })
  } catch {
    return new AudioContext({ latencyHint: 'interactive' })
  }
}
