import { fillPattern, type Asset, type ExportFormat } from '@contract'
import { isBlind } from '../state/compare.svelte'
import { tell, tellError } from '../state/notices.svelte'
import { openDialog } from '../state/panels.svelte'
import { sources, takesOf } from '../state/selection.svelte'
import { text } from '../text/text.svelte'
import { size } from '../text/format'
import { call } from '../transport/engine'
import type { Action } from './action'

/** A sound that can be exported along with others. */
export interface Exportable {
  asset: Asset
  source: Asset
  /** Whether a run made it. */
  isResult: boolean
}

/** All sounds of the project: each source, and what was made from it. */
export const exportables = (): Exportable[] =>
  sources()
    .toReversed()
    .flatMap((source) => [
      { asset: source, source, isResult: false },
      ...takesOf(source.id)
        .toReversed()
        .flatMap(({ outputs }) => outputs.map((asset) => ({ asset, source, isResult: true }))),
    ])
    .filter(({ asset }) => asset.audio)

/** The name that a pattern gives a sound, as a person sees it before; the engine makes it fit for a file. */
export function nameBy(pattern: string, { asset, source }: Exportable, n: number): string {
  const words: Record<string, string> = {
    name: source.name.replace(/\.[^.]+$/, ''),
    task: asset.origin ? `${asset.origin.task}${asset.origin.role === 'noise' ? ' noise' : ''}` : 'original',
    model: asset.origin?.pack.name ?? '',
    n: String(n),
    date: asset.createdAt.slice(0, 10),
  }
  return fillPattern(pattern, words)
}

/** Writes sounds into one zip and hands it to the person; answers whether it worked. */
export async function exportAll(
  assets: readonly string[],
  format: ExportFormat,
  pattern: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { url, name, bytes } = await call('asset.exportMany', { assets: [...assets], format, pattern }, { signal })
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

export const exportManyActions = {
  exportMany: {
    id: 'exportMany',
    label: () => text.exportMany.action,
    group: 'file',
    keys: ['Mod+Shift+E'],
    when: () => !isBlind() && exportables().length > 0,
    run: () => void openDialog('export-many'),
  },
} satisfies Record<string, Action>
