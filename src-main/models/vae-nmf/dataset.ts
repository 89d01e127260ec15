import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { NagareError } from '../../lib/errors'
import { random } from '../../lib/random'
import type { TrainContext } from '../family'
import type { FrontEnd } from './config'
import { recordingsIn, speechFrames, type FramePool } from './corpus'

/** Share of the recordings of each folder that only validation sees. */
export const validationShare = 0.05

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
  const order = random(20180415)
  const training: string[][] = []
  const held: string[] = []
  const names: string[] = []
  for (const folder of data) {
    const files = await recordingsIn(folder)
    const shuffled = [...order.shuffle(files.length)].map((i) => files[i]!)
    const count = files.length > 1 ? Math.max(1, Math.round(files.length * validationShare)) : 0
    held.push(...shuffled.slice(0, count))
    training.push(shuffled.slice(count).sort())
    for (const file of files) names.push(`${basename(file)}:${(await stat(file)).size}`)
  }
  if (held.length === 0)
    throw new NagareError('bad-input', 'Training needs at least two recordings: one of them is kept for validation.', {
      file: data[0]!,
    })
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
  return { training, validation, fingerprint: names.join('|') }
}
