import { convertTask, stretchWords, voiceSettings, voiceWords } from '../convert/voices'
import { project } from '../state/project.svelte'
import type { Take } from '../state/selection.svelte'
import { decimal } from '../text/format'
import { taskFields } from '../text/task-words'

/** Names the settings of what made a result. */
function settingTitles({ result }: Take): (name: string) => string {
  const task = project.tasks.find(({ id }) => id === result.origin?.task)
  const fields = task ? taskFields(task) : []
  return (name) => fields.find((field) => field.name === name)?.title ?? name
}

/** What tells one result from the others that the same task made of its source: the model, and settings that are not the same in all; `titleOf` names a setting, as the task does if left out. */
export function takeDetail(take: Take, all: readonly Take[], titleOf = settingTitles(take)): string {
  const { pack, settings, task } = take.result.origin!
  const others = all.map(({ result }) => result.origin!).filter((other) => other.task === task)
  const own = task === convertTask ? [voiceWords(settings), stretchWords(settings)].filter(Boolean) : []
  const differing = Object.entries(settings).filter(
    ([name, value]) =>
      typeof value !== 'boolean' &&
      !(own.length && voiceSettings.includes(name)) &&
      others.some((other) => other.settings[name] !== value),
  )
  const said = [
    ...own,
    ...differing.map(
      ([name, value]) => `${titleOf(name)} ${typeof value === 'number' ? decimal(value, 2) : String(value)}`,
    ),
  ]
  const models = others.some((other) => other.pack.name !== pack.name)
  return [...(models || !said.length ? [pack.name] : []), ...said].join(', ')
}
