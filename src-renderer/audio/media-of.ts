import type { Asset } from '@contract'

/** What names an asset's sound in addresses, `/media/<name>`, and in what is kept of it: another with each edit, the same again after undo. */
export const mediaName = ({ id, edit }: Asset): string => (edit ? `${id}?v=${edit.version}` : id)

/** The address of the peaks of a sound so named. */
export function peaksAddress(name: string): string {
  const [id, query] = name.split('?')
  return `/media/${id}/peaks${query === undefined ? '' : `?${query}`}`
}
