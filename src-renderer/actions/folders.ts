import { CallError, mostTogether, type ErrorRecord } from '@contract'
import { gallery } from '../state/gallery.svelte'
import { say } from '../state/live.svelte'
import { tell, tellError } from '../state/notices.svelte'
import { keepAsset, keepJob, project } from '../state/project.svelte'
import { beginUpload, endUpload } from '../state/uploads.svelte'
import { text } from '../text/text.svelte'
import { adopt } from '../transport/adopt'
import { call } from '../transport/engine'
import { droppedFiles, mostFiles } from './dropped-files'
import { addFiles, kindOfFile } from './files'
import { currentPack, currentSettings, packsFor } from './work'

/** Files sent at a time. */
const atOnce = 4
/** From so many pictures on, dropped together, they are shown together. */
export const manyPictures = 8

const task = 'inspect'

/** Adds what was dropped: files as ever, folders and many pictures together. */
export async function addDropped(data: DataTransfer | null): Promise<void> {
  const { files, isCut, passedOver, hasFolder } = await droppedFiles(data, (file) => kindOfFile(file) !== 'unknown')
  if (passedOver) tell({ kind: 'info', title: text.gallery.otherFiles(passedOver) })
  await addAll(files, { cut: isCut, isFolder: hasFolder })
}

/** Adds files: a folder's, or many pictures, together and as one batch; few one after the other. */
export async function addAll(
  files: readonly File[],
  { cut = false, isFolder = false }: { cut?: boolean; isFolder?: boolean } = {},
): Promise<void> {
  const pictures = files.filter((file) => kindOfFile(file) === 'image')
  if (cut) tell({ kind: 'warning', title: text.gallery.tooMany(mostFiles), text: text.gallery.tooManyHint })
  if (!isFolder && pictures.length < manyPictures) return addFiles(files)
  const others = files.filter((file) => kindOfFile(file) !== 'image')
  const unknown = isFolder ? others.filter((file) => kindOfFile(file) === 'unknown') : []
  if (unknown.length) tell({ kind: 'info', title: text.gallery.otherFiles(unknown.length) })
  await addPictures(pictures)
  await addFiles(others.filter((file) => !unknown.includes(file)))
}

/**
 * Adds pictures a few at a time under one line of progress, and inspects them as they arrive, in batches that grow: the first result comes at once, and the
 * model is loaded a few times in all. What cannot be read is kept in the gallery with the reason.
 */
export async function addPictures(files: readonly File[]): Promise<void> {
  if (files.length === 0) return
  gallery.open = true
  readyToInspect()
  const controller = new AbortController()
  const total = files.length
  const upload = beginUpload(text.gallery.adding(0, total), () => controller.abort())
  const batches = startBatches()
  let next = 0
  let done = 0
  let refused = 0
  const work = async () => {
    while (next < total && !controller.signal.aborted) {
      const file = files[next++]!
      try {
        const source = await adopt(file, { signal: controller.signal })
        const { asset } = await call('asset.add', { source }, { signal: controller.signal })
        keepAsset(asset)
        batches.add(asset.id)
      } catch (error) {
        if (controller.signal.aborted) break
        refused++
        await refuse(file.name, recordOf(error))
      }
      done++
      upload.share = Math.min(0.999, done / total)
      upload.name = text.gallery.adding(done, total)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, total) }, work))
    await batches.finish()
  } finally {
    endUpload(upload)
  }
  if (controller.signal.aborted) tell({ kind: 'info', title: text.gallery.cancelled(done - refused) })
  else if (done > refused) say(text.gallery.added(done - refused))
  if (refused) tell({ kind: 'warning', title: text.gallery.refused(refused), text: text.gallery.refusedHint })
}

/** Notes a file that could not be read as a picture; it is seen among the pictures until it is removed. */
async function refuse(name: string, error: ErrorRecord) {
  await call('refused.add', { name: name.slice(0, 300), error }).catch(() => tellError(text.drop.failed(name), error))
}

const recordOf = (error: unknown): ErrorRecord =>
  error instanceof CallError ? error.record : { code: 'internal', message: String((error as Error).message ?? error) }

/** Batches of pictures to inspect: one of two, then ever larger ones. */
function startBatches() {
  let waiting: string[] = []
  let size = 2
  let last: Promise<void> = Promise.resolve()
  const isReady = () => project.tasks.some(({ id }) => id === task) && inspectPack() !== undefined
  const ready = isReady()
  if (!ready) tell({ kind: 'info', title: text.gallery.noModel, text: text.gallery.noModelHint })
  const flush = () => {
    const some = waiting.splice(0, mostTogether)
    if (!ready || some.length === 0) return
    last = last.then(() => inspectMany(some))
  }
  return {
    add(id: string) {
      waiting.push(id)
      if (waiting.length < size) return
      flush()
      size = Math.min(mostTogether, size * 8)
    },
    async finish() {
      while (waiting.length) flush()
      await last
      waiting = []
    },
  }
}

const inspectTask = () => project.tasks.find(({ id }) => id === task)
export const inspectPack = () => currentPack(inspectTask())
export const inspectPacks = () => packsFor(inspectTask()?.packKinds ?? [])
export const inspectSettings = () => currentSettings(inspectTask())

/** Has the engine load the model that pictures on their way here will be inspected with, so that the first result waits for nothing but its picture. */
export function readyToInspect() {
  const pack = inspectPack()
  if (!pack) return
  // What cannot be loaded is said by the job itself.
  call('task.prepare', { task, settings: currentSettings(inspectTask()), pack: pack.id }).catch(() => undefined)
}

/** As `readyToInspect`, where what is dragged over the window may be pictures: a folder's type is empty. */
export function readyForDrop(data: DataTransfer) {
  if ([...data.items].some(({ kind, type }) => kind === 'file' && (type === '' || type.startsWith('image/'))))
    readyToInspect()
}

/** Inspects pictures of the project as one job, with the model and settings that the inspect panel has. */
export async function inspectMany(ids: readonly string[]): Promise<void> {
  const pack = inspectPack()
  if (!pack || ids.length === 0) return
  const settings = currentSettings(inspectTask())
  try {
    for (let from = 0; from < ids.length; from += mostTogether) {
      const sources = ids.slice(from, from + mostTogether)
      const { job } = await call('task.runMany', { task, sources, settings, pack: pack.id })
      keepJob(job)
    }
  } catch (error) {
    tellError(text.gallery.inspectFailed, error)
  }
}

let picker: HTMLInputElement | undefined

/** Lets a person choose a folder, and adds what is in it. */
export async function openFolder(): Promise<void> {
  picker?.remove()
  const input = Object.assign(document.createElement('input'), { type: 'file', multiple: true, hidden: true })
  input.webkitdirectory = true
  input.setAttribute('aria-label', text.galleryActions.openFolder)
  picker = input
  document.body.append(input)
  readyToInspect()
  const files = await new Promise<File[]>((resolve) => {
    input.onchange = () => resolve([...(input.files ?? [])])
    input.oncancel = () => resolve([])
    input.click()
  })
  const seen = files.filter((file) => !/(^|\/)\./.test(file.webkitRelativePath))
  if (seen.length) await addAll(seen.slice(0, mostFiles), { isFolder: true, cut: seen.length > mostFiles })
}
