import type { Asset, Edit, EditKind, EditList, EditState } from '@contract'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { assetSound, framesOf, largestPeak, openEdits, wavHeader, wholeOf, type OpenEdits } from '../../dsp'
import { openWav } from '../../dsp/wav-reader'
import { NagareError } from '../../lib/errors'
import type { Project } from '../open-project'
import { assetsIn, newHistory, versionOf, withEntry, type History, type HistoryEntry } from './history'
import { readHistory } from './history-file'
import { isThere, listFile, versionFiles } from './versions'

/** Documents of at most so many samples (all channels) are measured before an edit is answered. */
const promptSamples = 2_000_000
/** The edited documents of a project. */
export interface Edits {
  apply(asset: string, kind: EditKind, edit: Edit): Promise<Asset>
  /** Throws `conflict` where there is nothing to take back, or to do again. */
  undo(asset: string): Promise<Asset>
  redo(asset: string): Promise<Asset>
  /** Makes `list` what an asset is before its first edit, in place of its own sound. */
  begin(asset: string, list: EditList): Promise<Asset>
  /** What an asset is now, or was after `revision` steps. Throws `unsupported` for what is no sound, `not-found`. */
  listOf(asset: string, revision?: number): Promise<EditList>
  /** Opens a list to read its sound. */
  open(list: EditList): OpenEdits
  /** Removes an asset. Its file stays, out of sight, as long as another document is made of it or could be again by undo. */
  remove(asset: string): Promise<void>
}

interface Document {
  entries: HistoryEntry[]
  history: History
  damagedAfter?: number
}

/** Opens what was done to the documents of a project, and brings their records in step with it. */
export async function openDocuments(project: Omit<Project, 'edits' | 'close'>): Promise<Edits> {
  const { assets, paths, io, log } = project
  const versions = versionFiles(project)
  const documents = new Map<string, Document>()
  const measuring = new Map<string, AbortController>()
  const turns = new Map<string, Promise<unknown>>()

  const soundOf = (id: string): Asset => {
    const asset = assets.get(id)
    if (asset.audio) return asset
    throw new NagareError('unsupported', `${asset.name}: expected sound to edit, this is ${asset.kind}.`, {
      file: asset.name,
      hint: asset.kind === 'mel' ? 'Vocode it, and edit what comes of it.' : 'Choose a recording.',
    })
  }

  /** The asset's own sound as a list. */
  const ownList = async (asset: Asset): Promise<EditList> => {
    const path = await assetSound(paths.assets, asset.id)
    if (path === undefined)
      throw new NagareError('not-found', `${asset.name}: its file is gone from the project.`, { file: asset.name })
    const reader = await openWav(path, { allowTruncated: true })
    await reader.close()
    return wholeOf(asset.id, reader.info)
  }

  const documentOf = async (asset: Asset): Promise<Document> => {
    const known = documents.get(asset.id)
    if (known) return known
    const read = await readHistory(paths.history(asset.id), await ownList(asset))
    documents.set(asset.id, read)
    return read
  }

  const open = (list: EditList) => openEdits(list, paths.assets)

  /** One edit of a document after the other. */
  const inTurn = <T>(id: string, work: () => Promise<T>): Promise<T> => {
    const mine = (turns.get(id) ?? Promise.resolve()).then(work, work)
    turns.set(
      id,
      mine.catch(() => undefined),
    )
    return mine
  }

  const measureLater = (id: string, version: string) => {
    const controller = new AbortController()
    measuring.set(id, controller)
    const signal = AbortSignal.any([controller.signal, project.closing])
    const work = versions.measure(id, version, signal).then(
      async (level) => {
        const now = assets.has(id) ? assets.get(id) : undefined
        if (now?.edit?.version === version) await assets.put({ ...now, audio: { ...now.audio!, ...level } })
      },
      (thrown: unknown) => {
        if (!signal.aborted) log.warn('edit-not-measured', { asset: id, error: thrown })
      },
    )
    project.inBackground(work)
  }

  /** Makes a document's record say what the document is, and puts the files there that it is served from. */
  const show = async (
    id: string,
    { history, damagedAfter }: Document,
    before?: () => Promise<void>,
  ): Promise<Asset> => {
    const { list, revision, done, undone } = history
    const version = versionOf(list)
    measuring.get(id)?.abort()
    const peaks = await versions.write(id, version, list)
    const frames = framesOf(list)
    const { sampleRate, channels } = list
    const isPrompt = frames * channels <= promptSamples
    const level = isPrompt
      ? await versions.measure(id, version, project.closing)
      : { loudness: null, peak: peaks ? largestPeak(peaks) : 0, truePeak: undefined }
    await before?.()
    const edit: EditState = {
      ...{ revision, version, undo: done.at(-1)?.kind ?? null, redo: undone.at(-1)?.kind ?? null },
      ...(damagedAfter === undefined ? {} : { damagedAfter }),
    }
    const pcm = { offset: wavHeader({ sampleRate, channels, format: 'f32' }, frames).length, encoding: 'f32' as const }
    const asset = assets.get(id)
    const shown: Asset = { ...asset, audio: { ...asset.audio!, sampleRate, channels, frames, pcm, ...level }, edit }
    await assets.put(shown).catch((thrown: unknown) => {
      // The history is on the disk, and tells the record anew when the project opens.
      log.warn('edit-record-not-saved', { asset: id, error: thrown })
      assets.show(shown)
    })
    if (!isPrompt) measureLater(id, version)
    await versions
      .prune(id, version)
      .catch((thrown: unknown) => log.warn('old-versions-not-removed', { asset: id, error: thrown }))
    return shown
  }

  type Change = HistoryEntry extends infer E ? (E extends HistoryEntry ? Omit<E, 'at'> : never) : never
  const take = (id: string, change: Change): Promise<Asset> =>
    inTurn(id, async () => {
      const before = await documentOf(soundOf(id))
      const entry = { at: new Date().toISOString(), ...change } as HistoryEntry
      const after = { entries: [...before.entries, entry], history: withEntry(before.history, entry) }
      return show(id, after, async () => {
        await io.append(paths.history(id), JSON.stringify(entry))
        documents.set(id, after)
      })
    })

  /** Whether an asset's own sound is part of a document other than itself. */
  const isNeeded = (id: string) =>
    [...documents].some(([other, { entries }]) => other !== id && assetsIn(entries).has(id))

  /** Deletes the files of removed assets that no document needs any more. */
  const sweepKept = async () => {
    for (const id of await assets.kept()) if (!isNeeded(id)) await assets.dropKept(id)
  }

  const forget = async (id: string) => {
    documents.delete(id)
    measuring.get(id)?.abort()
    for (const file of [paths.history(id), `${paths.history(id)}.damaged`]) await rm(file, { force: true })
  }
  assets.subscribe({
    changed: () => {},
    removed: (id) =>
      project.inBackground(
        forget(id).catch((thrown: unknown) => log.warn('history-not-removed', { asset: id, error: thrown })),
      ),
  })
  for (const name of await readdir(paths.histories)) {
    const id = name.replace(/\..*$/, '')
    if (!assets.has(id)) await rm(join(paths.histories, name), { force: true })
  }

  for (const asset of assets.list()) {
    if (!asset.audio || (!asset.edit && !(await isThere(paths.history(asset.id))))) continue
    try {
      const found = await documentOf(asset)
      const { history } = found
      // A history that is gone altogether leaves the recording as it came.
      const document =
        asset.edit && history.revision < asset.edit.revision ? { damagedAfter: history.revision, ...found } : found
      documents.set(asset.id, document)
      const version = versionOf(history.list)
      const isInStep =
        asset.edit?.revision === history.revision &&
        asset.edit.version === version &&
        asset.edit.damagedAfter === document.damagedAfter &&
        (await isThere(join(paths.asset(asset.id), listFile(version))))
      if (document.damagedAfter !== undefined)
        log.warn('history-damaged', { asset: asset.id, after: document.damagedAfter })
      if (!isInStep) await show(asset.id, document)
      else if (asset.audio.loudness === null) measureLater(asset.id, version)
    } catch (thrown) {
      log.warn('history-not-read', { asset: asset.id, error: thrown })
    }
  }
  await sweepKept()

  return {
    open,
    apply: (id, kind, edit) => take(id, { type: 'edit', kind, edit }),
    undo: (id) => take(id, { type: 'undo' }),
    redo: (id) => take(id, { type: 'redo' }),
    begin: (id, list) => take(id, { type: 'base', list }),
    async listOf(id, revision) {
      const { entries, history } = await documentOf(soundOf(id))
      if (revision === undefined || revision === history.revision) return history.list
      if (revision > entries.length)
        throw new NagareError('not-found', `There is no step ${revision} in the history of ${assets.get(id).name}.`)
      return entries.slice(0, revision).reduce(withEntry, newHistory(await ownList(assets.get(id)))).list
    },
    remove: (id) =>
      inTurn(id, async () => {
        assets.get(id)
        if (isNeeded(id)) await assets.keep(id)
        else await assets.remove(id)
        await forget(id)
        await sweepKept()
      }),
  }
}
