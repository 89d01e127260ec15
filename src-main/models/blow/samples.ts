import { readMono, wavHeader } from '../../dsp'
import type { VoiceFrontEnd } from './config'
import { scaleToPeak } from './augment'
import type { SpeakerData } from './speakers'

/** Most seconds of a voice's sample, and of the silence between its utterances. */
const longest = 3
const gap = 0.15

/** A voice as it sounds, for its card. */
export interface VoiceSample {
  speaker: string
  /** Name of the file in the pack, and the file. */
  file: string
  bytes: Uint8Array
}

/** Up to three seconds of each speaker in `data`, of utterances that training did not see where there are any. */
export async function voiceSamples(
  data: SpeakerData,
  speakers: readonly string[],
  { sampleRate, peak }: VoiceFrontEnd,
): Promise<VoiceSample[]> {
  const samples: VoiceSample[] = []
  for (const speaker of data.speakers) {
    const sound = new Float32Array(longest * sampleRate)
    let length = 0
    for (const { file } of [...data.test, ...data.validation, ...data.training].filter((u) => u.speaker === speaker)) {
      const left = (sound.length - length) / sampleRate
      if (left < 0.3) break
      const utterance = await readMono(file, sampleRate, { maxSeconds: left })
      scaleToPeak(utterance, peak)
      sound.set(utterance.subarray(0, sound.length - length), length)
      length = Math.min(sound.length, length + utterance.length + Math.round(gap * sampleRate))
    }
    samples.push({
      speaker,
      file: `voice-${speakers.indexOf(speaker)}.wav`,
      bytes: wav(sound.subarray(0, length), sampleRate),
    })
  }
  return samples
}

/** A 16-bit WAV file of one channel. */
function wav(sound: Float32Array, sampleRate: number): Uint8Array {
  const header = wavHeader({ sampleRate, channels: 1, format: 's16' }, sound.length)
  const bytes = Buffer.alloc(header.length + 2 * sound.length)
  bytes.set(header)
  for (let i = 0; i < sound.length; i++)
    bytes.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(sound[i]! * 32_767))), header.length + 2 * i)
  return bytes
}
