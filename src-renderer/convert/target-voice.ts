import { currentPack, currentSettings, currentTask } from '../actions/work'
import { project } from '../state/project.svelte'
import { selectedTake } from '../state/selection.svelte'
import { convertTask, sampleUrl } from './voices'

/** The voice that the shown result was given, else the one chosen for the next; undefined where it has no sample to hear. */
export function targetVoice(): { name: string; url: string } | undefined {
  const origin = selectedTake()?.result.origin
  const made = origin?.task === convertTask ? origin : undefined
  if (!made && currentTask()?.id !== convertTask) return undefined
  const pack = made ? project.packs.find(({ sha256 }) => sha256 === made.pack.sha256) : currentPack()
  const { to } = made ? made.settings : currentSettings()
  const n = pack?.voices?.findIndex(({ name, sample }) => sample && name === to) ?? -1
  return pack && n >= 0 ? { name: String(to), url: sampleUrl(pack.id, n) } : undefined
}
