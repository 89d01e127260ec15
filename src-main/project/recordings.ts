import type { Asset, RecordedBy } from '@contract'
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises'
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
      const head = RecordingHead.parse(JSON.parse(await readFile(join(folder, headFile), 'utf8')))
      if (head.id !== name) throw new NagareError('corrupt', `expected the recording ${name}, found ${head.id}`)
      found.push({ head, changedAt: (await stat(join(folder, soundFileName))).mtimeMs })
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
  const drop = () => rm(folder, { recursive: true, force: true })
  const text = await readFile(join(folder, headFile), 'utf8').catch(() => {
    throw new NagareError('not-found', 'This recording is over already.', { hint: 'Look for it in the library.' })
  })
  const head = RecordingHead.parse(JSON.parse(text))
  const there = assets.list().find(({ recorded }) => recorded?.id === id)
  if (there) {
    await drop()
    return there
  }
  const sound = join(folder, soundFileName)
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
  await rm(join(paths.recordings, id), { recursive: true, force: true })
}

/** Cuts a frame that was written in part and puts the true sizes into the header; answers the number of frames. */
async function completeHeader(file: string, { sampleRate, channels, dataOffset, blockAlign }: RecordingHead) {
  const handle = await open(file, 'r+').catch((thrown: unknown) => {
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
