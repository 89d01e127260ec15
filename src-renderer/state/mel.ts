import type { Asset, MelFacts, Pack } from '@contract'
import type { MelSource } from '../audio/mel'
import { project } from './project.svelte'

/** What a mel spectrogram is analysed with: what Tacotron 2 and WaveGlow made common, unless a model says otherwise. */
const common = { sampleRate: 22_050, hop: 256, fmin: 0, fmax: 8000 }

/** The analysis that a mel spectrogram of so many bands goes with: that of the first model that takes it. */
function analysisOf({ mels }: MelFacts): typeof common {
  const fits = (pack: Pack) => pack.mel?.mels === mels && pack.sampleRate !== null
  const pack = project.packs.find(fits)
  return pack ? { ...pack.mel!, sampleRate: pack.sampleRate! } : common
}

/** The numbers of a mel asset as the window reads them; undefined for what is none. */
export function melSourceOf({ id, mel }: Asset): MelSource | undefined {
  if (!mel) return undefined
  const { sampleRate, hop, fmin, fmax } = analysisOf(mel)
  return { url: `/media/${id}/mel`, ...mel, sampleRate: sampleRate / hop, fmin, fmax }
}

/** Seconds that an asset lasts: for a mel spectrogram at the rate of the model that would make sound of it. */
export function secondsOf(asset: Asset): number {
  const { audio, mel } = asset
  if (audio) return audio.frames / audio.sampleRate
  if (!mel) return 0
  const { sampleRate, hop } = analysisOf(mel)
  return (mel.frames * hop) / sampleRate
}

/** Seconds from which to which a result's source was worked on, where that was a stretch of it. */
export function stretchOf({ audio, origin }: Asset): { from: number; to: number } | undefined {
  if (!audio || !origin?.range) return undefined
  const { from, to } = origin.range
  return { from: from / audio.sampleRate, to: to / audio.sampleRate }
}
