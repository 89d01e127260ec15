import type { Asset, EngineEvent } from '@contract'
import type { RecordingHead } from '../contract/recording'
import { systemClock, type Clock } from '../lib/clock'
import { asNagareError, errorRecord, NagareError } from '../lib/errors'
import { beginRecording, discardRecording, finishRecording, openRecordings, type Project } from '../project'
import { noticeUnreadable } from './take-source'

/** Milliseconds between looks at what is being recorded, and the looks without a new sample after which nobody records any more. */
const lookEvery = 1000
const looksOfQuiet = 8
/** A recording that an earlier process left is completed at once when it was quiet for so long, in milliseconds. */
const leftAlone = 5000

/** What is recorded in the windows: their samples go to the disk past the engine, which begins, completes and rescues recordings. */
export interface Recordings {
  begin(given: Pick<RecordingHead, 'name' | 'device' | 'sampleRate' | 'channels'>): Promise<RecordingHead>
  /** Makes an asset of a recording. Throws `not-found`, `bad-input` where it holds nothing, and what `adopt` throws; it is kept then. */
  finish(id: string): Promise<Asset>
  discard(id: string): Promise<void>
  /** Completes what was left unfinished: at once where it is quiet, else as soon as it is. */
  rescue(): Promise<void>
  close(): void
}

export interface RecordingsOptions {
  project: Project
  emit(event: EngineEvent): void
  clock?: Clock
}

/** Watches over the recordings of a project. A recording nobody adds to any more, because its window is gone, becomes an asset by itself. */
export function watchRecordings({ project, emit, clock = systemClock }: RecordingsOptions): Recordings {
  const onUnreadable = noticeUnreadable({ emit })
  /** Time of the last sample of each recording, and for how many looks it has been the same; counted in looks, since a machine that slept was not quiet. */
  const seen = new Map<string, { changedAt: number; looks: number }>()
  const finishing = new Map<string, Promise<Asset | undefined>>()
  /** Recordings that could not be rescued; they wait for the next start. */
  const given = new Set<string>()
  let stopLooking: (() => void) | undefined
  let isClosed = false

  const finish = (id: string, recovered: boolean) => {
    const running = finishing.get(id)
    if (running) return running
    const work = finishRecording(project, id, { recovered, onUnreadable }).finally(() => {
      finishing.delete(id)
      seen.delete(id)
      // What failed is tried again, once it is quiet.
      lookLater()
    })
    finishing.set(id, work)
    return work
  }

  const rescueOne = ({ id, name }: RecordingHead) => {
    const work = finish(id, true).then(
      () => undefined,
      (thrown: unknown) => {
        const error = asNagareError(thrown, name)
        if (error.code === 'not-found') return
        given.add(id)
        project.log.warn('recording-not-rescued', { recording: id, error })
        emit({
          event: 'notice',
          data: {
            error: {
              ...errorRecord(error),
              message: `A recording that was left unfinished could not be added: ${error.message}`,
              hint: `${error.hint ? `${error.hint} ` : ''}It is kept in the project, and tried again when Nagare starts.`,
            },
          },
        })
      },
    )
    project.inBackground(work)
    return work
  }

  const look = async () => {
    stopLooking = undefined
    const open = (await openRecordings(project)).filter(({ head: { id } }) => !finishing.has(id) && !given.has(id))
    for (const { head, changedAt } of open) {
      const before = seen.get(head.id)
      const looks = before?.changedAt === changedAt ? before.looks + 1 : 0
      seen.set(head.id, { changedAt, looks })
      if (looks >= looksOfQuiet) await rescueOne(head)
    }
    if (open.length) lookLater()
  }
  const lookLater = () => {
    if (isClosed || stopLooking) return
    stopLooking = clock.after(lookEvery, () => {
      const work = look().catch((thrown: unknown) => project.log.warn('recordings-not-read', { error: thrown }))
      project.inBackground(work)
    })
  }

  return {
    async begin(head) {
      const begun = await beginRecording(project, head)
      lookLater()
      return begun
    },
    async finish(id) {
      const asset = await finish(id, false)
      if (asset) return asset
      throw new NagareError('bad-input', 'Nothing was recorded: the microphone gave no sound.', {
        hint: 'Choose another microphone, or check that it is switched on.',
      })
    },
    async discard(id) {
      await finishing.get(id)?.catch(() => undefined)
      await discardRecording(project, id)
      seen.delete(id)
    },
    async rescue() {
      const open = await openRecordings(project)
      for (const { head, changedAt } of open) if (Date.now() - changedAt >= leftAlone) await rescueOne(head)
      if (open.length) lookLater()
    },
    close() {
      isClosed = true
      stopLooking?.()
    },
  }
}
