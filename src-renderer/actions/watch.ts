import { CallError, type Watch } from '@contract'
import { say } from '../state/live.svelte'
import { tellError } from '../state/notices.svelte'
import { openDialog } from '../state/panels.svelte'
import { project } from '../state/project.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'
import { gallery } from '../state/gallery.svelte'
import type { Action } from './action'
import { inspectSettings } from './folders'

/** Watches a folder with a model and the settings that the inspect panel has; answers why that cannot be. */
export async function startWatch(folder: string, pack: string): Promise<string | undefined> {
  try {
    const { watch } = await call('watch.start', { folder, pack, settings: inspectSettings() })
    gallery.open = true
    say(text.watch.begun(watch.folder))
    return undefined
  } catch (error) {
    const { message, hint } = error instanceof CallError ? error.record : { message: String(error), hint: undefined }
    return [message, hint].filter(Boolean).join(' ')
  }
}

/** Watches a folder no more; what came from it stays. */
export async function stopWatch({ id, folder }: Watch): Promise<void> {
  try {
    await call('watch.stop', { watch: id })
    say(text.watch.ended(folder))
  } catch (error) {
    tellError(text.watch.stopFailed, error)
  }
}

/** What is done with folders whose new pictures are inspected. */
export const watchActions = {
  watchFolder: {
    id: 'watchFolder',
    label: () => text.watch.action,
    group: 'file',
    keys: ['Mod+Shift+F'],
    when: () => project.loaded,
    run: () => void openDialog('watch'),
  },
} satisfies Record<string, Action>
