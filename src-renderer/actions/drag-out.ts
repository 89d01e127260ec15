import type { Asset } from '@contract'
import { tell, tellError } from '../state/notices.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'

let isDragging = false

/** Whether what is dragged over the window comes from it, and is not to be added once more. */
export const isOwnDrag = () => isDragging

const stem = (name: string) => name.replace(/(?<=.)\.[^.]*$/, '')

/** The name that the file of an asset gets outside. */
export function fileNameOf({ name, audio, mel, image }: Asset): string {
  const plain = stem(name).replace(/[\p{Cc}/\\:*?"<>|]/gu, '_')
  return `${plain}.${audio ? 'wav' : mel ? 'npy' : (image?.format ?? 'png')}`
}

/** What Chromium's `DownloadURL` takes: a type, a name and an address, which is fetched once the file has been dropped. */
export function downloadOf(asset: Asset, origin = location.origin): string {
  const type = asset.audio ? 'audio/wav' : asset.image ? `image/${asset.image.format}` : 'application/octet-stream'
  const version = asset.edit ? `?v=${asset.edit.version}` : ''
  return `${type}:${fileNameOf(asset)}:${origin}/media/${asset.id}${version}`
}

/** The desktop drags a real file: it is written first, and taken up if the button is still held then. */
async function dragFile(asset: Asset, dragOut: (name: string) => void) {
  let isLetGo = false
  const letGo = new AbortController()
  const release = () => {
    isLetGo = true
    letGo.abort()
  }
  window.addEventListener('pointerup', release, { once: true })
  try {
    const { name } = await call('asset.export', { asset: asset.id, format: 'as-is' }, { signal: letGo.signal })
    if (!isLetGo) dragOut(name)
  } catch (thrown) {
    if (!isLetGo) tellError(text.export.failed, thrown)
  } finally {
    window.removeEventListener('pointerup', release)
  }
  if (isLetGo) tell({ kind: 'info', title: text.export.letGo })
}

/** Lets an element be dragged out of the window as the file that an asset is. */
export const dragsOut = (asset: Asset) => (node: HTMLElement) => {
  const start = (event: DragEvent) => {
    isDragging = true
    const { desktop } = window
    if (desktop?.dragOut) {
      event.preventDefault()
      void dragFile(asset, desktop.dragOut)
    } else {
      event.dataTransfer!.effectAllowed = 'copy'
      event.dataTransfer!.setData('DownloadURL', downloadOf(asset))
    }
  }
  const end = () => (isDragging = false)
  /** The system tells the page nothing of the end of its own drag; the pointer is back once it moves without a button. */
  const back = ({ buttons }: PointerEvent) => void (buttons === 0 && end())
  node.draggable = true
  node.addEventListener('dragstart', start)
  node.addEventListener('dragend', end)
  window.addEventListener('pointermove', back)
  return () => {
    node.removeEventListener('dragstart', start)
    node.removeEventListener('dragend', end)
    window.removeEventListener('pointermove', back)
  }
}
