import { selectedSamples } from '../actions/edit'
import { listening } from '../state/listening.svelte'
import { text } from '../text/text.svelte'
import { decimal } from '../text/format'

/** What an edit of the selection, or of all where nothing is selected, is applied to, in words. */
export function appliesTo(): string {
  const { region } = listening
  if (!region || !selectedSamples()) return text.editing.appliesTo.whole
  return text.editing.appliesTo.selection(decimal(region.to - region.from, 2))
}
