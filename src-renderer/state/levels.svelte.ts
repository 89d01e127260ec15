import { playbackMeter, type Levels } from '../audio/playback-meter'
import { tapSamples } from '../audio/tap-samples'

const silent = (): Levels => ({
  ...{ peaks: [], rms: [], momentary: -Infinity, shortTerm: -Infinity, integrated: -Infinity, truePeak: -Infinity },
})

/** Level of what plays now, volume left out; dB below full scale, and LUFS and dBTP. */
export const levels: Levels = $state(silent())

let meter: ReturnType<typeof playbackMeter> | undefined
let gain = 1

/** Starts the figures anew: another sound is heard. */
export function forgetLevels() {
  meter = undefined
  Object.assign(levels, silent())
}

/** The volume (a factor) that is taken out of what is measured. */
export const levelVolume = (volume: number) => (gain = volume)

/** Measures what goes through `bus` from now on. Without worklets there are no figures. */
export async function tapLevels(bus: AudioNode, context: BaseAudioContext, channels: number) {
  const own = () => (meter ??= playbackMeter(context.sampleRate, channels))
  await tapSamples(bus, context, channels, (block) => {
    if (gain > 0) Object.assign(levels, own().push(block, 1 / gain))
  }).catch(() => undefined)
}
