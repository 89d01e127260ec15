import type { TrainContext } from '../family'
import { splitRecordings } from '../recordings'
import type { FrontEnd } from './config'
import { speechFrames, type FramePool } from './corpus'

/** The recordings of a training run, split. */
export interface Dataset {
  /** Files to train on, per folder. */
  training: string[][]
  validation: FramePool
  /** Names the recordings, so that a run is not continued on others. */
  fingerprint: string
}

/** Finds the recordings, splits each folder by a draw of its own seed, and reads the validation part. Throws `not-found`, `bad-input`. */
export async function readDataset(
  { data, progress, checkCancelled }: TrainContext,
  frontEnd: FrontEnd,
): Promise<Dataset> {
  const { training, held, fingerprint } = await splitRecordings(data)
  const parts: FramePool[] = []
  for (const [i, file] of held.entries()) {
    checkCancelled()
    progress({ phase: 'Reading', done: i, total: held.length })
    const part = await speechFrames(file, 1, frontEnd, 60)
    parts.push(part)
  }
  const frames = parts.reduce((sum, part) => sum + part.frames, 0)
  const bins = frontEnd.size / 2 + 1
  const validation: FramePool = {
    power: new Float32Array(frames * bins),
    knownBins: new Uint16Array(frames),
    frames,
    bins,
  }
  let at = 0
  for (const part of parts) {
    validation.power.set(part.power, at * bins)
    validation.knownBins.set(part.knownBins, at)
    at += part.frames
  }
  return { training, validation, fingerprint }
}
