import { call } from '../transport/engine'
import { adopt } from '../transport/adopt'
import { text } from '../text/text.svelte'
import { offerBatch } from '../state/batch.svelte'
import { keepAsset } from '../state/project.svelte'
import { select } from '../state/selection.svelte'
import { tell, tellError } from '../state/notices.svelte'
import { beginUpload, endUpload } from '../state/uploads.svelte'

const audioEndings = /\.(wave?|rf64|bwf|w64|flac|mp3|ogg|oga|opus|m4a|aac|mp4|aiff?|caf|webm|weba|wma|amr|qoa)$/i
const imageEndings = /\.(png|jpe?g|tiff?|webp|bmp|gif|avif|heic)$/i
const melEndings = /\.npy$/i
const packEndings = /\.nagare$/i

export type FileKind = 'audio' | 'mel' | 'image' | 'pack' | 'unknown'

/** What a file seems to be by its name, else by its type; the engine has the last word. */
export function kindOfFile({ name, type }: { name: string; type: string }): FileKind {
  if (packEndings.test(name)) return 'pack'
  if (melEndings.test(name)) return 'mel'
  if (audioEndings.test(name)) return 'audio'
  if (imageEndings.test(name)) return 'image'
  if (type.startsWith('audio/') || type.startsWith('video/')) return 'audio'
  return type.startsWith('image/') ? 'image' : 'unknown'
}

/** Which of the additions, in the order in which they were begun, is shown: what was dropped last stays, whatever is ready last. */
const additions = { begun: 0, shown: 0 }

/** Adds files one after the other: recordings, pictures and mel spectrograms to the project, models to the catalogue; says what cannot be used. */
export async function addFiles(files: readonly File[]) {
  const added: string[] = []
  const turn = ++additions.begun
  for (const file of files) {
    const kind = kindOfFile(file)
    if (kind === 'unknown') tell({ kind: 'warning', title: text.drop.unknown(file.name), text: text.drop.unknownHint })
    else {
      const asset = await addFile(file, kind, turn)
      if (asset) added.push(asset.id)
    }
  }
  if (added.length < 2) return
  const action = { label: text.batch.offer, run: () => offerBatch(added) }
  tell({ kind: 'done', title: text.batch.added(added.length), action }, 30_000)
}

async function addFile(file: File, kind: Exclude<FileKind, 'unknown'>, turn: number) {
  const controller = new AbortController()
  const upload = beginUpload(text.drop.sending(file.name), () => controller.abort())
  try {
    const source = await adopt(file, { onProgress: (share) => (upload.share = share), signal: controller.signal })
    if (kind === 'pack') {
      const { pack } = await call('pack.add', { source })
      tell({ kind: 'done', title: text.drop.modelAdded(pack.name) })
    } else {
      const { asset } = await call('asset.add', { source }, { signal: controller.signal })
      keepAsset(asset)
      if (turn >= additions.shown) {
        additions.shown = turn
        select(asset.id)
      }
      return asset
    }
    return undefined
  } catch (error) {
    tellError(text.drop.failed(file.name), error)
    return undefined
  } finally {
    endUpload(upload)
  }
}

let picker: HTMLInputElement | undefined

/** Lets a person choose files; `accept` narrows what is offered. */
export function pickFiles(
  accept = 'audio/*,image/*,.wav,.flac,.mp3,.ogg,.opus,.m4a,.npy,.png,.jpg,.tif,.tiff,.webp,.bmp,.nagare',
): Promise<File[]> {
  picker?.remove()
  const input = Object.assign(document.createElement('input'), { type: 'file', multiple: true, accept, hidden: true })
  input.setAttribute('aria-label', text.actions.open)
  picker = input
  document.body.append(input)
  return new Promise((resolve) => {
    input.onchange = () => resolve([...(input.files ?? [])])
    input.oncancel = () => resolve([])
    input.click()
  })
}
