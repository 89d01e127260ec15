import { loudnessMeter } from '@contract'
import type { AudioReader } from './audio'

export { loudnessMeter, truePeakMeter, type LoudnessMeter, type TruePeakMeter } from '@contract'

/** Integrated loudness of a recording, LUFS, read from its present position to its end. */
export async function integratedLoudness(reader: AudioReader): Promise<number> {
  const meter = loudnessMeter(reader.info.sampleRate, reader.info.channels)
  for (let block = await reader.read(65536); block; block = await reader.read(65536)) meter.push(block)
  return meter.finish()
}
