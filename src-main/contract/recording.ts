import { z } from 'zod'
import { Id } from './records'

/** `recording.json` of a recording that is being made, in `recordings/<id>/` of the project; its samples lie in `sound.wav` beside it. */
export const RecordingHead = z.object({
  id: Id,
  /** Name for people that the finished recording gets. */
  name: z.string().min(1).max(200),
  /** The microphone's name. */
  device: z.string().max(300),
  sampleRate: z.int().positive(),
  channels: z.int().positive(),
  startedAt: z.iso.datetime(),
  /** Where the samples start in `sound.wav`, and the bytes of one frame: 32-bit floats, little-endian, interleaved. */
  dataOffset: z.int().positive(),
  blockAlign: z.int().positive(),
})
export type RecordingHead = z.infer<typeof RecordingHead>

export const headFile = 'recording.json'
export const soundFileName = 'sound.wav'

/** Bytes that stay free on the disk, so that a recording that filled it can still be completed. */
export const diskReserve = 64 * 1024 * 1024
