import type { Asset, RecordedBy } from '@contract'
import { constants } from 'node:fs'
import { copyFile, link, lstat, mkdir, open, readdir, readFile, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { diskReserve, headFile, RecordingHead, soundFileName } from '../contract/recording'
import { wavHeader } from '../dsp'
import { writeFileAtomic } from '../lib/atomic-file'
import { asNagareError, NagareError } from '../lib/errors'
import { newId } from '../lib/id'
import { adopt, type AdoptOptions } from './adopt'
import type { Project } from './open-project'

/** A recording that is being made, or was left unfinished. */
export interface OpenRecording {
  head: RecordingHead
  /** When samples last came, milliseconds since 1970. */
  changedAt: number
}

const bytesPerSample = 4
/** What `recording.json` is called from the moment a recording is completed: no more samples are taken into it. */
const finishingFile = 'finishing.json'

/** Begins a recording: a WAV file of 32-bit floats that grows from its end and is complete at any moment but for its header. Throws `disk-full`. */
export async function beginRecording(
  project: Project,
  given: Pick<RecordingHead, 'name' | 'device' | 'sampleRate' | 'channels'>,
): Promise<RecordingHead> {
  const { paths } = project
  const { sampleRate, channels } = given
  const disk = await statfs(paths.recordings)
  const room = disk.bavail * disk.bsize - diskReserve
  if (room < sampleRate * channels * bytesPerSample)
    throw new NagareError('disk-full', 'The disk is full: there is no room to record.', {
      hint: 'Free some space, or choose another disk.',
    })
  const id = newId('r')
  const bytes = wavHeader({ sampleRate, channels, format: 'f32' }, 0)
  const head: RecordingHead = {
    ...{ id, name: given.name, device: given.device, sampleRate, channels, startedAt: new Date().toISOString() },
    ...{ dataOffset: bytes.length, blockAlign: channels * bytesPerSample },
  }
  const stage = join(paths.work, `begin-${id}`)
  try {
    await mkdir(stage)
    await writeFileAtomic(join(stage, soundFileName), bytes)
    await writeFileAtomic(join(stage, headFile), JSON.stringify(head, null, 2))
    await rename(stage, join(paths.recordings, id))
  } catch (thrown) {
    await rm(stage, { recursive: true, force: true })
    throw asNagareError(thrown, given.name)
  }
  return head
}

/** Every recording that is not an asset yet; a folder that holds none is left alone and told to the log. */
export async function openRecordings({ paths, log }: Pick<Project, 'paths' | 'log'>): Promise<OpenRecording[]> {
  const found: OpenRecording[] = []
  for (const name of await readdir(paths.recordings)) {
    const folder = join(paths.recordings, name)
    try {
      const head = RecordingHead.parse(JSON.parse(await readHead(folder)))
      if (head.id !== name) throw new NagareError('corrupt', `expected the recording ${name}, found ${head.id}`)
      found.push({ head, changedAt: (await ownSound(folder)).mtimeMs })
    } catch (thrown) {
      log.warn('recording-skipped', { folder: name, error: thrown })
    }
  }
  return found
}

/**
 * Completes a recording and takes it into the project; it stays where it is until that is done, so that whatever fails can be tried again.
 * undefined where it holds no samples, and is dropped. Throws `not-found`, and what `adopt` throws.
 */
export async function finishRecording(
  project: Project,
  id: string,
  { recovered, ...options }: Pick<AdoptOptions, 'onUnreadable'> & { recovered: boolean },
): Promise<Asset | undefined> {
  const { paths, assets } = project
  const folder = join(paths.recordings, id)
  // What cannot be dropped now is found, and dropped, by the next look at the recordings.
  const drop = () => remove(folder).catch((error: unknown) => project.log.warn('recording-not-dropped', { id, error }))
  const text = await readHead(folder).catch(() => {
    throw new NagareError('not-found', 'This recording is over already.', { hint: 'Look for it in the library.' })
  })
  const head = RecordingHead.parse(JSON.parse(text))
  const there = assets.list().find(({ recorded }) => recorded?.id === id)
  if (there) {
    await drop()
    return there
  }
  const sound = join(folder, soundFileName)
  await ownSound(folder)
  await rename(join(folder, headFile), join(folder, finishingFile)).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'ENOENT') throw asNagareError(thrown, head.name)
  })
  if ((await completeHeader(sound, head)) === 0) {
    await drop()
    return undefined
  }
  const recorded: RecordedBy = {
    ...{ id, device: head.device, startedAt: head.startedAt },
    recoveredAt: recovered ? new Date().toISOString() : null,
  }
  // A second name of the same file: adopting moves what it is given, and removes it when that fails.
  const second = join(paths.work, `${id}.wav`)
  await rm(second, { force: true })
  await link(sound, second).catch(() => copyFile(sound, second))
  const asset = await adopt(project, { file: second, name: head.name, move: true }, { ...options, recorded })
  await drop()
  return asset
}

/** Drops a recording and its samples; harmless where there is none. */
export async function discardRecording({ paths }: Pick<Project, 'paths'>, id: string): Promise<void> {
  await remove(join(paths.recordings, id))
}

const remove = (folder: string) => rm(folder, { recursive: true, force: true, maxRetries: 5 })

/** The text of the head of a recording that goes on, or is being completed. */
const readHead = (folder: string) =>
  readFile(join(folder, headFile), 'utf8').catch(() => readFile(join(folder, finishingFile), 'utf8'))

/** Facts of a recording's samples; throws `corrupt` where a link leads to them, as in a project from elsewhere, for they would be written through it. */
async function ownSound(folder: string) {
  const file = join(folder, soundFileName)
  const [own, sound] = await Promise.all([lstat(folder), lstat(file)]).catch((thrown: unknown) => {
    throw asNagareError(thrown, file)
  })
  if (own.isDirectory() && sound.isFile()) return sound
  throw new NagareError('corrupt', `${folder}: expected a folder with a file ${soundFileName}, found a link.`, {
    hint: 'Remove it from the project.',
    file: folder,
  })
}

/** Cuts a frame that was written in part and puts the true sizes into the header; answers the number of frames. */
async function completeHeader(file: string, { sampleRate, channels, dataOffset, blockAlign }: RecordingHead) {
  const handle = await open(file, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0)).catch((thrown: unknown) => {
    throw asNagareError(thrown, file)
  })
  try {
    const frames = Math.max(0, Math.floor(((await handle.stat()).size - dataOffset) / blockAlign))
    await handle.truncate(dataOffset + frames * blockAlign)
    await handle.write(wavHeader({ sampleRate, channels, format: 'f32' }, frames), 0, dataOffset, 0)
    await handle.datasync()
    return frames
  } catch (thrown) {
    throw asNagareError(thrown, file)
  } finally {
    await handle.close()
  }
}
