import type { Asset, AudioFacts, Marks, Origin, RecordedBy } from '@contract'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { encodePeaks, isEditList, largestPeak, openAudio, type AudioReader } from '../dsp'
import { asNagareError, NagareError } from '../lib/errors'
import { newId } from '../lib/id'
import { writeAssetRecord } from './assets'
import { contentIn, originalIn } from './content'
import { hashFile, measure, measureLevel, measurePeaks, playableSamples, refuseAborted } from './measure'
import { safeFileName } from './names'
import type { Project } from './open-project'
import type { IncomingFile } from './sources'
import { isNpy, readMel } from './take-mel'
import {
  drawPreviews,
  drawPreviewsFrom,
  isOwnPreview,
  isPicture,
  pictureEnding,
  readPictureFacts,
} from './take-picture'

/** Recordings over so many samples (all channels), and pictures over so many pixels, are answered before they are read through. */
const promptSamples = 8_000_000
const promptPixels = 16_000_000

export interface AdoptOptions {
  origin?: Origin
  recorded?: RecordedBy
  marks?: Marks
  signal?: AbortSignal
  /** Told when a long recording or large picture proves unreadable after it was answered; it has been removed again. */
  onUnreadable?: (asset: Asset, error: NagareError) => void
  /** Read through before answering, however long or large. */
  thorough?: boolean
  /** Numbers of mel bands that the models at hand take: they tell the sides of a mel spectrogram apart. */
  bands?: readonly number[]
}

const sourceName = (name: string) => {
  const extension = extname(name).toLowerCase()
  return /^\.[a-z0-9]{1,8}$/.test(extension) ? `source${extension}` : 'source.audio'
}

/** The file that holds what an asset is now, see `contentIn`. Throws `not-found`. */
export const contentFile = (project: Project, id: string): Promise<string> =>
  contentIn(project.paths, project.assets.get(id))

/** The file that holds an asset's samples as they came, see `originalIn`. Throws `not-found`. */
export const originalFile = (project: Project, id: string): Promise<string> =>
  originalIn(project.paths, project.assets.get(id))

/**
 * Takes a recording, a mel spectrogram (`.npy`) or a picture into the project, by cloning or moving it, as a new asset with peaks and level, or a
 * preview, and a hash; bad files throw what `openAudio`, `readMel` or `openPicture` throw and leave nothing behind. Long WAV files and large pictures
 * are answered after their header (loudness null, peak 0, no hash) and read through later.
 */
export async function adopt(project: Project, incoming: IncomingFile, options: AdoptOptions = {}): Promise<Asset> {
  const { paths, assets, io } = project
  const id = newId('a')
  const stage = join(paths.work, `adopt-${id}`)
  let staged = join(stage, sourceName(incoming.name))
  const pcmFile = join(stage, 'pcm.wav')
  const peaksFile = join(stage, 'peaks.bin')
  let reader: AudioReader | undefined

  /** Completes the staged folder with its record and takes it in. */
  const enter = async (found: Pick<Asset, 'kind' | 'audio' | 'mel' | 'image' | 'sha256'>): Promise<Asset> => {
    const asset: Asset = {
      id,
      name: assets.freeName(safeFileName(incoming.name)),
      bytes: (await stat(incoming.file)).size,
      createdAt: new Date().toISOString(),
      ...found,
      ...(options.origin ? { origin: options.origin } : {}),
      ...(options.recorded ? { recorded: options.recorded } : {}),
      ...(options.marks ? { marks: options.marks } : {}),
    }
    refuseAborted(options.signal)
    await writeAssetRecord(stage, asset)
    if (incoming.move) await rename(incoming.file, staged)
    await assets.enter(asset, stage)
    return asset
  }

  try {
    await mkdir(stage)
    if (await isNpy(incoming)) {
      const { bytes, ...mel } = await readMel(incoming.file, options.bands ?? [])
      await io.write(join(stage, 'mel.f32'), bytes)
      if (!incoming.move) await io.copy(incoming.file, staged)
      return await enter({ kind: 'mel', mel, sha256: await hashFile(incoming.move ? incoming.file : staged) })
    }
    if (await isPicture(incoming)) {
      const image = await readPictureFacts(incoming.file)
      staged = join(stage, `source.${pictureEnding(image.format)}`)
      const isLate = image.width * image.height > promptPixels && !options.thorough
      const { signal } = options
      const asIs = isOwnPreview(image)
      const spoolFolder = paths.work
      if (!isLate) await drawPreviews(incoming.file, stage, { spoolFolder, asIs, ...(signal ? { signal } : {}) })
      if (!incoming.move) await io.copy(incoming.file, staged)
      const sha256 = isLate ? '' : await hashFile(incoming.move ? incoming.file : staged)
      const asset = await enter({ kind: 'image', image, sha256 })
      if (isLate) readLater(project, asset, options.onUnreadable)
      return asset
    }
    if (await isEditList(incoming.file))
      throw new NagareError('bad-input', `${incoming.name}: expected a recording, found a list of edits.`, {
        hint: 'Add the recording itself, or export the edited one.',
        file: incoming.name,
      })
    reader = await openAudio(incoming.file, { spoolFolder: stage })
    const { sampleRate, channels, frames, container, encoding } = reader.info
    const playable = container === 'wav' ? await playableSamples(incoming.file) : undefined
    const isLate = playable !== undefined && frames * channels > promptSamples && !options.thorough
    const measured = isLate
      ? undefined
      : await measure(reader, {
          ...(playable ? {} : { pcmFile }),
          ...(options.signal ? { signal: options.signal } : {}),
        })
    await reader.close()

    if (!incoming.move) await io.copy(incoming.file, staged)
    if (measured) await io.write(peaksFile, encodePeaks(measured.peaks))
    const audio: AudioFacts = {
      sampleRate,
      channels,
      frames,
      container,
      encoding,
      loudness: measured?.loudness ?? null,
      peak: measured?.peak ?? 0,
      ...(measured ? { truePeak: measured.truePeak } : {}),
      pcm: playable ?? (await playableSamples(pcmFile))!,
    }
    const sha256 = isLate ? '' : await hashFile(incoming.move ? incoming.file : staged)
    const asset = await enter({ kind: 'audio', audio, sha256 })
    if (isLate) readLater(project, asset, options.onUnreadable)
    return asset
  } catch (thrown) {
    await reader?.close().catch(() => undefined)
    await rm(stage, { recursive: true, force: true })
    if (incoming.move) await rm(incoming.file, { force: true })
    const internal = [pcmFile, peaksFile, staged, ...(incoming.move ? [incoming.file] : [])]
    throw renamed(asNagareError(thrown, incoming.name), incoming.name, internal)
  }
}

/** The error with the file's name for people in place of its `internal` paths. */
function renamed(error: NagareError, name: string, internal: string[]): NagareError {
  const message = internal.reduce((text, path) => text.replaceAll(path, name), error.message)
  const file = error.file === undefined || internal.includes(error.file) ? name : error.file
  return new NagareError(error.code, message, { file, cause: error, ...(error.hint ? { hint: error.hint } : {}) })
}

/** Reads an asset through in the background and completes its record; takes it out again when it cannot be read. */
function readLater(project: Project, asset: Asset, onUnreadable: AdoptOptions['onUnreadable'] = () => {}): void {
  const { assets, log, paths, closing } = project
  let file = paths.asset(asset.id)
  const work = async () => {
    file = await originalFile(project, asset.id)
    const found = asset.kind === 'image' ? await drawLate(project, asset) : await measureLate(project, asset, file)
    const sha256 = await hashFile(file)
    if (!assets.has(asset.id)) return
    const now = assets.get(asset.id)
    // What was edited meanwhile has levels of its own.
    await assets.put({ ...now, ...(found && !now.edit ? { audio: { ...now.audio!, ...found } } : {}), sha256 })
  }
  project.inBackground(
    work().catch(async (thrown: unknown) => {
      if (closing.aborted || !assets.has(asset.id)) return
      const found = asNagareError(thrown, asset.name)
      log.warn('asset-unreadable', { asset: asset.id, error: found })
      if (found.code === 'bad-input' || found.code === 'corrupt') await assets.remove(asset.id).catch(() => undefined)
      onUnreadable(asset, renamed(found, asset.name, [file]))
    }),
  )
}

/** Peaks of a long recording, which the window waits for, and then its level. */
async function measureLate({ paths, io, closing, assets }: Project, asset: Asset, file: string) {
  const reader = await openAudio(file, { spoolFolder: paths.work })
  try {
    const peaks = await measurePeaks(reader, closing)
    if (!assets.has(asset.id)) return undefined
    await io.write(join(paths.asset(asset.id), 'peaks.bin'), encodePeaks(peaks))
    const now = assets.get(asset.id)
    // Quiet recordings are drawn larger from the first.
    if (!now.edit) await assets.put({ ...now, audio: { ...now.audio!, peak: largestPeak(peaks) } })
    await reader.seek(0)
    return await measureLevel(reader, closing)
  } finally {
    await reader.close()
  }
}

/** Preview of a large picture, from its tiles, which the window is about to ask for; it appears at once, since its own folder would be made anew if the picture were removed while it is drawn. */
async function drawLate({ paths, closing, assets, tiles }: Project, asset: Asset) {
  const stage = join(paths.work, `preview-${asset.id}`)
  try {
    await tiles.withPyramid(asset.id, (pyramid) => drawPreviewsFrom(pyramid, stage, closing))
    if (assets.has(asset.id))
      for (const name of ['thumb.png', 'preview.png'])
        await rename(join(stage, name), join(paths.asset(asset.id), name))
    return undefined
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

/** Finishes what an earlier process left unmeasured or undrawn. */
export async function measureUnfinished(project: Project, onUnreadable?: AdoptOptions['onUnreadable']): Promise<void> {
  const last = { audio: 'peaks.bin', image: 'preview.png', mel: undefined }
  for (const asset of project.assets.list()) {
    const wanted = last[asset.kind]
    if (!wanted) continue
    const names = await readdir(project.paths.asset(asset.id))
    if (!names.includes(wanted) || asset.sha256 === '') readLater(project, asset, onUnreadable)
  }
}
