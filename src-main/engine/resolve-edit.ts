import type { Clip, Edit, EditKind, EditList, EditRequest, Segment } from '@contract'
import { atRate, framesOf, inMono, loudnessMeter, peak, slice } from '../dsp'
import { NagareError } from '../lib/errors'
import { refuseAborted, type Edits } from '../project'

/** Seconds over which the result of a model is cross-faded into the recording: longer than a cut's, for the two may differ in tone and in noise. */
export const resultJoinSeconds = 0.02
const blockFrames = 65_536

export interface Resolved {
  kind: EditKind
  edit: Edit
}

/**
 * What is to be done to the document `asset`, with all that it takes from elsewhere looked up: a clip's segments, a result's, the gain that normalises. Throws
 * `bad-input` for silence that is to be normalised and clips that reach beyond what they were copied from, `not-found`, `cancelled`.
 */
export async function resolveEdit(
  edits: Edits,
  asset: string,
  request: EditRequest,
  signal: AbortSignal,
): Promise<Resolved> {
  const { kind } = request
  switch (request.kind) {
    case 'cut':
    case 'delete': {
      const { from, to } = request
      return { kind, edit: { do: 'delete', from, to } }
    }
    case 'trim':
    case 'silence': {
      const { from, to } = request
      return { kind, edit: { do: request.kind, from, to } }
    }
    case 'gain': {
      const { from, to, db } = request
      return { kind, edit: { do: 'gain', from, to, db } }
    }
    case 'fadeIn':
    case 'fadeOut': {
      const { from, to } = request
      return { kind, edit: { do: 'fade', from, to, way: kind === 'fadeIn' ? 'in' : 'out' } }
    }
    case 'normalise': {
      const { from, to, measure, target } = request
      const level = await levelOf(edits, await edits.listOf(asset), { from, to }, measure, signal)
      return { kind, edit: { do: 'gain', from, to, db: target - level } }
    }
    case 'paste': {
      const { from, to, clip } = request
      const segments = await clipped(edits, clip, await edits.listOf(asset))
      return { kind, edit: { do: 'splice', from, to, segments } }
    }
    case 'insertResult': {
      const { from, to, result } = request
      const { sampleRate } = await edits.listOf(asset)
      const made = await edits.listOf(result)
      const segments = slice(atRate(made.segments, made.sampleRate, sampleRate), from, to)
      const missing = to - from - framesOf({ segments })
      if (missing > 0)
        throw new NagareError('bad-input', `The result ends ${missing} samples before the stretch that it is for.`, {
          hint: 'It was made before the recording was cut or pasted into: run the task again.',
        })
      return { kind, edit: { do: 'splice', from, to, segments, join: Math.round(resultJoinSeconds * sampleRate) } }
    }
    case 'resample':
      return { kind, edit: { do: 'resample', sampleRate: request.sampleRate } }
    case 'channels':
      return { kind, edit: { do: 'channels', channels: request.channels } }
  }
}

/** The segments of a clip as they go into `target`. */
async function clipped(edits: Edits, { asset, revision, from, to }: Clip, target: EditList): Promise<Segment[]> {
  const list = await edits.listOf(asset, revision).catch((thrown: unknown) => {
    if (!(thrown instanceof NagareError) || thrown.code !== 'not-found') throw thrown
    throw new NagareError('not-found', 'What was copied is not in the project any more.', { hint: 'Copy it again.' })
  })
  if (from >= to || to > framesOf(list))
    throw new NagareError('bad-input', 'What was copied reaches beyond the recording it was copied from.', {
      hint: 'Copy it again.',
    })
  const segments = atRate(slice(list.segments, from, to), list.sampleRate, target.sampleRate)
  return list.channels === 1 && target.channels > 1 ? inMono(segments) : segments
}

/** Largest sample in dBFS, or integrated loudness in LUFS, of a stretch. */
async function levelOf(
  edits: Edits,
  list: EditList,
  { from, to }: { from: number; to: number },
  measure: 'peak' | 'loudness',
  signal: AbortSignal,
): Promise<number> {
  const open = edits.open(list)
  const meter = loudnessMeter(list.sampleRate, list.channels)
  let most = 0
  try {
    const end = Math.min(to, framesOf(list))
    for (let at = from; at < end; at += blockFrames) {
      refuseAborted(signal)
      const block = await open.rendering.read(at, Math.min(blockFrames, end - at))
      if (measure === 'loudness') meter.push(block)
      for (const channel of block) most = Math.max(most, peak(channel))
    }
  } finally {
    await open.close()
  }
  const level = measure === 'peak' ? 20 * Math.log10(most) : meter.finish()
  if (Number.isFinite(level)) return level
  throw new NagareError('bad-input', 'There is only silence; no gain makes it louder.', {
    hint: 'Select a stretch with sound in it.',
  })
}
