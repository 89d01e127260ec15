import { rms } from '../../dsp'
import { NagareError, asNagareError } from '../../lib/errors'
import { float32, type NDArray, type NDArrays } from '../../lib/ndarray'
import { random, type Random } from '../../lib/random'
import { openSoundStore, type SoundStore, type Stored } from '../sound-store'
import { augment, type Augmentation } from './augment'
import type { VoiceFrontEnd } from './config'
import type { Utterance } from './speakers'

/** Frames whose root mean square is below this are silence and not learned from (the public code's choice). */
export const silence = 0.025

interface Frame {
  recording: Stored
  start: number
  speaker: number
}

/** Frames of the utterances of one split. */
export interface Frames {
  /** Number of frames, and seconds of sound that they were cut from, of each speaker. */
  readonly count: number
  readonly seconds: readonly number[]
  /** Batch `index` of an endless series that passes through all frames in an order shuffled anew each time; jittered and augmented. */
  draw(index: number, batch: number, how: Augmentation, random: Random): Promise<NDArrays>
  /** `batch` frames from number `from` on as they are, in an order that mixes all speakers and is always the same; those beyond the last start over. */
  at(from: number, batch: number): Promise<NDArrays>
  close(): Promise<void>
}

export interface FramesOptions {
  scratch: string
  /** The order in which frames are drawn. */
  seed: number
  /** Whether who speaks is left out: every frame's voice is then the mean of all. */
  anonymous?: boolean
  read(file: string): void
}

/**
 * Reads utterances into a scratch file and cuts them into frames that do not overlap, the last of each filled with silence.
 * `speakers` gives their numbers. Throws what `openAudio` throws, `bad-input` where all are silent.
 */
export async function openFrames(
  utterances: readonly Utterance[],
  speakers: readonly string[],
  { sampleRate, peak }: VoiceFrontEnd,
  frame: number,
  { scratch, seed, anonymous = false, read }: FramesOptions,
): Promise<Frames> {
  const store = await openSoundStore(scratch, sampleRate)
  try {
    const frames: Frame[] = []
    const samples = speakers.map(() => 0)
    for (const { file, speaker } of utterances) {
      read(file)
      const recording = await store.append(file, { peak })
      const number = speakers.indexOf(speaker)
      samples[number] = samples[number]! + recording.samples
      for (let start = 0; start < recording.samples; start += frame)
        if (rms(await store.read(recording, start, frame)) >= silence)
          frames.push({ recording, start, speaker: number })
    }
    if (frames.length === 0) throw new NagareError('bad-input', 'The recordings hold nothing but silence.')
    const numberAt = shuffles(frames.length, seed)
    const mixed = random(1).shuffle(frames.length)
    const gather = (chosen: readonly Frame[], offset: (i: number) => number, change: (x: Float32Array) => void) =>
      gathered(store, chosen, frame, { voices: speakers.length, anonymous }, offset, change)
    return {
      count: frames.length,
      seconds: samples.map((count) => count / sampleRate),
      draw(index, batch, how, draws) {
        const chosen = Array.from({ length: batch }, (_, i) => frames[numberAt(index * batch + i)]!)
        const jitter = how.level > 0 ? frame : 0
        return gather(
          chosen,
          () => Math.round(jitter * (draws.uniform() - 0.5)),
          (x) => augment(x, how, draws),
        )
      },
      at: (from, batch) =>
        gather(
          Array.from({ length: batch }, (_, i) => frames[mixed[(from + i) % frames.length]!]!),
          () => 0,
          () => {},
        ),
      close: () => store.close(),
    }
  } catch (thrown) {
    await store.close()
    throw asNagareError(thrown)
  }
}

/** The frames as a batch: audio [batch, frame], speaker [batch, voices] with a single 1 in each row, or equal shares where anonymous. */
async function gathered(
  store: SoundStore,
  chosen: readonly Frame[],
  frame: number,
  { voices, anonymous }: { voices: number; anonymous: boolean },
  offset: (i: number) => number,
  change: (x: Float32Array) => void,
): Promise<NDArrays> {
  const audio = float32([chosen.length, frame])
  const speaker: NDArray = float32([chosen.length, voices])
  for (const [i, { recording, start, speaker: number }] of chosen.entries()) {
    const from = start + offset(i)
    let x = await store.read(recording, from, frame)
    // Jitter may lead into silence: the frame is then taken where it lies.
    if (from !== start && rms(x) < silence) x = await store.read(recording, start, frame)
    change(x)
    audio.data.set(x, i * frame)
    if (anonymous) speaker.data.fill(1 / voices, i * voices, (i + 1) * voices)
    else speaker.data[i * voices + number] = 1
  }
  return { audio, speaker }
}

/** Numbers of an endless series of shuffles of 0 … count − 1, by place, another for each seed. */
function shuffles(count: number, seed: number): (at: number) => number {
  let epoch = -1
  let order: Uint32Array = new Uint32Array()
  return (at) => {
    const wanted = Math.floor(at / count)
    if (wanted !== epoch) order = random(Math.imul(seed + 1, 0x85ebca6b) ^ wanted).shuffle(count)
    epoch = wanted
    return order[at % count]!
  }
}
