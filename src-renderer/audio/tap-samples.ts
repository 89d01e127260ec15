import workletUrl from '../record/capture-worklet?worker&url'

/** Seconds of a piece. */
const pieceSeconds = 0.04

interface Tap {
  node: Promise<AudioWorkletNode>
  listener: (block: Float32Array[]) => void
}

/** One tap per context and number of channels; a context ends with its taps. */
const taps = new WeakMap<BaseAudioContext, Map<number, Tap>>()

async function tapNode(context: BaseAudioContext, channels: number): Promise<AudioWorkletNode> {
  await context.audioWorklet.addModule(workletUrl)
  const frames = Math.ceil((pieceSeconds * context.sampleRate) / 128) * 128
  return new AudioWorkletNode(context, 'capture', {
    ...{ numberOfInputs: 1, numberOfOutputs: 0, channelCount: channels, channelCountMode: 'explicit' },
    processorOptions: { channels, frames },
  })
}

/** Hands what goes through `bus` to `listener`, one array per channel, a few hundredths of a second at a time. Rejects where there are no worklets. */
export async function tapSamples(
  bus: AudioNode,
  context: BaseAudioContext,
  channels: number,
  listener: (block: Float32Array[]) => void,
): Promise<void> {
  const ofContext = taps.get(context) ?? new Map<number, Tap>()
  taps.set(context, ofContext)
  const tap: Tap = ofContext.get(channels) ?? { node: tapNode(context, channels), listener }
  ofContext.set(channels, tap)
  tap.listener = listener
  const node = await tap.node
  node.port.onmessage = ({ data }: MessageEvent<{ samples: Float32Array } | null>) => {
    if (!data) return
    const { samples } = data
    const length = samples.length / channels
    tap.listener(
      Array.from({ length: channels }, (_, c) => Float32Array.from({ length }, (_, i) => samples[i * channels + c]!)),
    )
  }
  bus.connect(node)
}
