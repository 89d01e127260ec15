import type { CallArgs } from '@contract'
import { tell, tellError } from '../state/notices.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'
import { size } from '../text/format'

/** Draws what is seen of an inspected picture and hands the file to the person; answers whether it worked. */
export async function drawPicture(drawing: CallArgs<'picture.draw'>, signal: AbortSignal): Promise<boolean> {
  try {
    const { url, name, bytes } = await call('picture.draw', drawing, { signal })
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
