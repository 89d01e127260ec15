import type { EditList, Job, Stretch } from '@contract'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { atRate, encodeEditList, framesOf, silenceOf, slice } from '../dsp'
import { NagareError } from '../lib/errors'
import { originalFile, type Edits, type Project } from '../project'
import { resultJoinSeconds } from './resolve-edit'

/** Seconds on either side of a stretch that a task hears too, unless it says otherwise. */
const usualContext = 1

/** A stretch with what a task hears around it. */
function withContext({ from, to }: Stretch, { sampleRate, ...list }: EditList, context = usualContext): Stretch {
  const more = Math.round(context * sampleRate)
  return { from: Math.max(0, from - more), to: Math.min(framesOf(list), to + more) }
}

/** Throws `bad-input` unless `range` lies within the list. */
export function checkRange(list: EditList, range: Stretch): void {
  const frames = framesOf(list)
  if (range.to > frames)
    throw new NagareError(
      'bad-input',
      `Expected a stretch within ${frames} samples, found ${range.from} to ${range.to}.`,
      {
        hint: 'Select the stretch again.',
      },
    )
}

/**
 * The file that a job reads: its source as it was when the job was queued, or the stretch that the job is about and `context` seconds on either side. Neither
 * is copied: a list of edits in the job's folder `work` says what it is.
 */
export async function jobSound(
  project: Project,
  { source, revision = 0, range }: Pick<Job, 'source' | 'revision' | 'range'>,
  work: string,
  context?: number,
): Promise<string> {
  if (revision === 0 && !range) return originalFile(project, source)
  const list = await project.edits.listOf(source, revision)
  const wanted = range ? withContext(range, list, context) : undefined
  const segments = wanted ? slice(list.segments, wanted.from, wanted.to) : list.segments
  const file = join(work, 'source.edits')
  await writeFile(file, encodeEditList({ ...list, segments }))
  return file
}

/**
 * What a task made of a stretch in the place of that stretch: around it lies the source, or silence for what was taken away. `made` is the asset that holds what
 * the task gave, its context too.
 */
export async function stretchResult(
  edits: Edits,
  { source, revision = 0, range }: Pick<Job, 'source' | 'revision'> & { range: Stretch },
  made: string,
  { context, isResidual }: { context?: number | undefined; isResidual: boolean },
): Promise<EditList> {
  const list = await edits.listOf(source, revision)
  const piece = await edits.listOf(made)
  const heard = withContext(range, list, context)
  const { sampleRate } = list
  const segments = slice(
    atRate(piece.segments, piece.sampleRate, sampleRate),
    range.from - heard.from,
    range.to - heard.from,
  )
  const missing = range.to - range.from - framesOf({ segments })
  const frames = framesOf(list)
  const around = (from: number, to: number) =>
    from === to ? [] : isResidual ? [silenceOf(to - from)] : slice(list.segments, from, to)
  const joined = ([first, ...rest]: EditList['segments']) =>
    first ? [{ ...first, join: Math.round(resultJoinSeconds * sampleRate) }, ...rest] : []
  return {
    ...list,
    segments: [
      ...around(0, range.from),
      ...joined([...segments, ...(missing > 0 ? [silenceOf(missing)] : [])]),
      ...joined(around(range.to, frames)),
    ],
  }
}
