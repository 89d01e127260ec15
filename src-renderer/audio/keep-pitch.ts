import type { StretchNode } from 'signalsmith-stretch'
import workletUrl from './stretch-worklet?worker&url'

/** Milliseconds of sound that are looked at together, and from one look to the next: long enough for a low voice. */
const size = { blockMs: 120, intervalMs: 30 }
/** Most channels of a node. */
const mostChannels = 32

/** Brings tracks that play at another speed back to their pitch, all in one go, so that they stay together to the sample. */
export interface PitchKeeper {
  /** Seconds by which everything is late. */
  readonly latency: number
  /** Where track number `i` goes in, and where it comes out. */
  inlet(i: number): AudioNode
  outlet(i: number): AudioNode
  /** Lets go of it once it has faded out. */
  release(): void
}

/** Nodes that are not used now, by their channels: audio threads never end one. */
const idle = new WeakMap<BaseAudioContext, Map<number, StretchNode[]>>()

async function stretchNode(context: BaseAudioContext, channels: number): Promise<StretchNode> {
  const free = idle.get(context)?.get(channels)?.pop()
  const make = async () => {
    const { default: create } = await import('signalsmith-stretch')
    create.moduleUrl = workletUrl
    return create(context, {
      ...{ numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [channels] },
      ...{ channelCount: channels, channelCountMode: 'explicit', channelInterpretation: 'discrete' },
    })
  }
  const node = free ?? (await make())
  // This also forgets what it heard before.
  await node.configure(size)
  return node
}

/**
 * Makes a keeper for `tracks` tracks of `channels` channels that play at `pace` times their speed. Their channels go through one node with common phases: what
 * two tracks differ in stays so. Undefined where they have too many channels; rejects where there are no worklets.
 */
export async function keepPitch(
  context: BaseAudioContext,
  { tracks, channels, pace }: { tracks: number; channels: number; pace: number },
): Promise<PitchKeeper | undefined> {
  const all = tracks * channels
  if (all > mostChannels) return undefined
  const node = await stretchNode(context, all)
  await node.schedule({ active: true, semitones: -12 * Math.log2(pace), tonalityHz: 0 })
  const latency = await node.latency()
  const into = new ChannelMergerNode(context, { numberOfInputs: all })
  const from = new ChannelSplitterNode(context, { numberOfOutputs: all })
  into.connect(node).connect(from)
  const ends = Array.from({ length: tracks }, (_, i) => {
    const inlet = new GainNode(context, { channelCount: channels, channelCountMode: 'explicit' })
    const split = inlet.connect(new ChannelSplitterNode(context, { numberOfOutputs: channels }))
    const outlet = new ChannelMergerNode(context, { numberOfInputs: channels })
    for (let c = 0; c < channels; c++) {
      split.connect(into, c, i * channels + c)
      from.connect(outlet, i * channels + c, c)
    }
    return { inlet, outlet }
  })
  return {
    latency,
    inlet: (i) => ends[i]!.inlet,
    outlet: (i) => ends[i]!.outlet,
    release() {
      into.disconnect()
      node.disconnect()
      const ofContext = idle.get(context) ?? new Map<number, StretchNode[]>()
      idle.set(context, ofContext.set(all, [...(ofContext.get(all) ?? []), node]))
    },
  }
}
