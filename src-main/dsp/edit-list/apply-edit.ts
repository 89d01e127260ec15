import type { Edit, EditList, Ramp, Segment } from '@contract'
import { NagareError } from '../../lib/errors'
import { atRate, framesOf, silenceOf, slice, splice, tidy } from './edit-list'

/** Longest document, in seconds. */
const longest = 24 * 3600
/** Most ramps that one stretch may be given, as the contract has it. */
const mostRamps = 64

const impossible = (message: string, hint: string) => new NagareError('bad-input', message, { hint })

/** Throws `bad-input` unless `from` to `to` is a stretch of the list, which may be empty only where `empty`. */
function checkStretch(list: EditList, { from, to }: { from: number; to: number }, empty = false): void {
  const frames = framesOf(list)
  if (from >= 0 && to <= frames && (from < to || (empty && from === to))) return
  throw impossible(
    `Expected a stretch within the ${frames} samples of the document, found ${from} to ${to}.`,
    'Select the stretch again.',
  )
}

/** The list with each segment of a stretch changed, and nothing else. */
function mapped(list: EditList, { from, to }: { from: number; to: number }, change: (segment: Segment) => Segment) {
  return splice(list, from, to, slice(list.segments, from, to).map(change))
}

/** The segment with `db` more of gain; 0 dB is left out, so that what was turned up and down again is as it was. */
function louder({ db = 0, ...segment }: Segment, more: number): Segment {
  const sum = Math.round((db + more) * 1e6) / 1e6
  if (Math.abs(sum) > 200) throw impossible(`Expected a gain of at most 200 dB in all, found ${sum} dB.`, 'Undo some.')
  return sum === 0 ? segment : { ...segment, db: sum }
}

/** The segments of a stretch of the list with a ramp over all of it. */
function faded(list: EditList, from: number, to: number, way: 'in' | 'out'): Segment[] {
  const [low, high] = way === 'in' ? [0, 1] : [1, 0]
  let at = 0
  return slice(list.segments, from, to).map((segment) => {
    // The ramp's ends lie where this segment's source would have them.
    const first = segment.from - at
    const ramp: Ramp = { from: first, to: first + to - from, low, high }
    at += segment.to - segment.from
    if (segment.asset === null) return segment
    const ramps = [...(segment.ramps ?? []), ramp]
    if (ramps.length > mostRamps)
      throw impossible(`Expected at most ${mostRamps} fades over each other, found one more.`, 'Undo some.')
    return { ...segment, ramps }
  })
}

/**
 * The list that an edit makes of `list`, which stays as it is. Positions are samples of `list`. Throws `bad-input` for a stretch that it does not have, for
 * an edit that would leave nothing, and for one that would make it longer than a day.
 */
export function applyEdit(list: EditList, edit: Edit): EditList {
  const made = changed(list, edit)
  const frames = framesOf(made)
  if (frames === 0)
    throw impossible('Nothing of the document would be left.', 'Remove it from the library, or leave a part of it.')
  if (frames / made.sampleRate > longest)
    throw impossible(`Expected a document of at most ${longest / 3600} hours, it would be longer.`, 'Paste less.')
  return made
}

function changed(list: EditList, edit: Edit): EditList {
  if ('from' in edit) checkStretch(list, edit, edit.do === 'splice')
  switch (edit.do) {
    case 'delete':
      return splice(list, edit.from, edit.to, [])
    case 'trim':
      return { ...list, segments: tidy(slice(list.segments, edit.from, edit.to)) }
    case 'silence':
      return splice(list, edit.from, edit.to, [silenceOf(edit.to - edit.from)])
    case 'gain':
      return mapped(list, edit, (segment) => (segment.asset === null ? segment : louder(segment, edit.db)))
    case 'fade':
      return splice(list, edit.from, edit.to, faded(list, edit.from, edit.to, edit.way))
    case 'splice':
      return edit.join === undefined
        ? splice(list, edit.from, edit.to, edit.segments)
        : joined(list, edit, edit.segments, edit.join)
    case 'resample': {
      const segments = tidy(atRate(list.segments, list.sampleRate, edit.sampleRate))
      return { ...list, sampleRate: edit.sampleRate, segments }
    }
    case 'channels':
      // What was of one channel stays one sound when there are more.
      return { ...list, channels: edit.channels, segments: list.channels === 1 ? inMono(list.segments) : list.segments }
  }
}

/** The segments with the channels of each mixed to one, however many a list has. */
export const inMono = (segments: readonly Segment[]): Segment[] =>
  segments.map((segment) => (segment.asset === null ? segment : { ...segment, mono: true }))

/** The list with `segments` in the place of a stretch, cross-faded over `join` samples at either end. */
function joined(list: EditList, { from, to }: { from: number; to: number }, segments: Segment[], join: number) {
  const [first, ...rest] = segments
  const [next, ...after] = slice(list.segments, to, framesOf(list))
  return {
    ...list,
    segments: tidy([
      ...slice(list.segments, 0, from),
      { ...first!, join },
      ...rest,
      ...(next ? [{ ...next, join }] : []),
      ...after,
    ]),
  }
}
