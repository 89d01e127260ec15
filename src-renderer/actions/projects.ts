import type { KnownProject } from '@contract'
import { clearHistory } from '../history/history.svelte'
import { isRecording } from '../record/recorder.svelte'
import { talk } from '../record/talk.svelte'
import { connection } from '../state/connection.svelte'
import { draft } from '../state/draft.svelte'
import { closeDialog, openDialog } from '../state/panels.svelte'
import { project } from '../state/project.svelte'
import { text } from '../text/text.svelte'
import { call } from '../transport/engine'
import type { Action } from './action'
import { commitRemovals } from './library'

/** Whether another project can be opened: not while this one takes in sound. */
export const canSwitch = () => project.loaded && !isRecording() && talk.phase === 'idle' && !connection.opening

/** Lets the engine change to another project; the state of that one arrives by itself. Throws what the engine says against it. */
async function switchTo(name: string, ask: () => Promise<unknown>) {
  if (!canSwitch()) return
  await commitRemovals()
  connection.opening = name
  try {
    await ask()
  } catch (error) {
    connection.opening = null
    throw error
  }
  clearHistory()
  draft.follow = null
  closeDialog()
}

export const openProject = ({ folder, name }: KnownProject) => switchTo(name, () => call('project.open', { folder }))

export const createProject = (name: string) => switchTo(name, () => call('project.create', { name }))

export const projectActions = {
  projects: {
    id: 'projects',
    label: () => text.projects.action,
    group: 'file',
    keys: ['Mod+Shift+H'],
    when: canSwitch,
    run: () => void openDialog('projects'),
  },
} satisfies Record<string, Action>
