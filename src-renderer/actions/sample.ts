import type { SampleId } from '@contract'
import { tellError } from '../state/notices.svelte'
import { keepAsset, project } from '../state/project.svelte'
import { select } from '../state/selection.svelte'
import { text } from '../text/text.svelte'
import { call } from '../transport/engine'
import type { Action } from './action'
import { runTask } from './work'

let isBusy = false

/** Adds a sample to the project, shows it, and starts a task on it. */
async function trySample(sample: SampleId, task: string) {
  if (isBusy) return
  isBusy = true
  try {
    const { asset } = await call('sample.add', { sample })
    keepAsset(asset)
    select(asset.id)
    await runTask(task)
  } catch (error) {
    tellError(text.samples.failed, error)
  } finally {
    isBusy = false
  }
}

/** What shows in one press what Nagare does. */
export const sampleActions = {
  trySpeech: {
    id: 'trySpeech',
    label: () => text.samples.speech.action,
    group: 'file',
    keys: [],
    when: () => project.loaded,
    run: () => trySample('speech', 'enhance'),
  },
  trySurface: {
    id: 'trySurface',
    label: () => text.samples.surface.action,
    group: 'file',
    keys: [],
    when: () => project.loaded,
    run: () => trySample('surface', 'inspect'),
  },
} satisfies Record<string, Action>
