import type { Asset, AssetFormat } from '@contract'
import { tell, tellError } from '../state/notices.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'
import { size } from '../text/format'

/** Writes an asset in a format and hands the file to the person; answers whether it worked. */
export async function exportAsset(asset: Asset, format: AssetFormat, signal?: AbortSignal): Promise<boolean> {
  try {
    const { url, name, bytes } = await call('asset.export', { asset: asset.id, format }, signal ? { signal } : {})
    const link = Object.assign(document.createElement('a'), { href: url, download: name })
    document.body.append(link)
    link.click()
    link.remove()
    tell({ kind: 'done', title: text.export.done(name), text: size(bytes) })
    return true
  } catch (error) {
    tellError(text.export.failed, error)
    return false
  }
}
