import type { Asset, AssetFormat, Stretch } from '@contract'
import { tell, tellError } from '../state/notices.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'
import { size } from '../text/format'

/** Writes an asset, or the samples of `range`, in a format and hands the file to the person; answers whether it worked. */
export async function exportAsset(
  asset: Asset,
  format: AssetFormat,
  signal?: AbortSignal,
  range?: Stretch,
): Promise<boolean> {
  try {
    const args = { asset: asset.id, format, ...(range ? { range } : {}) }
    const { url, name, bytes } = await call('asset.export', args, signal ? { signal } : {})
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
