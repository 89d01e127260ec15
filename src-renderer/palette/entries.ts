import { ExportFormat, type Asset, type SettingsPatch } from '@contract'
import { perform } from '../actions/action'
import { listedActions } from '../actions/all'
import { changeSettings } from '../actions/settings'
import { openDialog, panels } from '../state/panels.svelte'
import { project } from '../state/project.svelte'
import { select, sources } from '../state/selection.svelte'
import { inLanguage, languages, text, type Language } from '../text/text.svelte'
import type { IconName } from '../ui/icons'

/** One thing that the palette finds. */
export interface Entry {
  id: string
  kind: 'action' | 'asset' | 'setting'
  icon: IconName
  label: string
  /** What it is called in every language, this one first. */
  names: readonly string[]
  /** Its shortcut, where it has one. */
  keys?: string | undefined
  /** Whether it is so already, of what is set to a value. */
  on?: boolean
  can: boolean
  run(): void
}

const everyLanguage = Object.keys(languages) as Language[]

/** What `read` says now, and in every language. */
function named(read: () => string): Pick<Entry, 'label' | 'names'> {
  const label = read()
  return { label, names: [...new Set([label, ...everyLanguage.map((each) => inLanguage(each, read))])] }
}

const groupIcons: Partial<Record<string, IconName>> = {
  ...{ file: 'open', record: 'microphone', work: 'wave', view: 'fitAll', listen: 'play', picture: 'picture' },
}

/** Every action but the palette itself; what lasts while its key is held cannot be started from a list. */
const actionEntries = (): Entry[] =>
  listedActions
    .filter(({ id }) => id !== 'palette')
    .map((action) => ({
      ...{ id: `action ${action.id}`, kind: 'action', icon: groupIcons[action.group] ?? 'menu', keys: action.keys[0] },
      ...named(action.label),
      can: action.release === undefined && action.when(),
      run: () => void perform(action),
    }))

const iconOf = (asset: Asset): IconName => (asset.image ? 'picture' : asset.mel ? 'mel' : 'wave')

const assetEntries = (): Entry[] =>
  sources().map((asset) => ({
    ...{
      id: `asset ${asset.id}`,
      kind: 'asset',
      icon: iconOf(asset),
      label: asset.name,
      names: [asset.name],
      can: true,
    },
    run() {
      select(asset.id)
      panels.library = false
    },
  }))

const settingEntry = (id: string, read: () => string, on: boolean, run: () => void): Entry => ({
  ...{ id: `setting ${id}`, kind: 'setting', icon: 'settings', on, can: true, run },
  ...named(read),
})

const set = (change: SettingsPatch) => () => void changeSettings(change)

/** Every value of the settings that have a few, and the dialog for the others. */
function settingEntries(): Entry[] {
  const { theme, language, exportFormat } = project.settings
  const themes = (['system', 'light', 'dark'] as const).map((value) =>
    settingEntry(
      `theme ${value}`,
      () => `${text.settings.theme}: ${text.settings.themes[value]}`,
      value === theme,
      set({ theme: value }),
    ),
  )
  const nameOf = (value: Language | 'system') => (value === 'system' ? text.settings.systemLanguage : languages[value])
  const spoken = (['system', ...everyLanguage] as const).map((value) =>
    settingEntry(
      `language ${value}`,
      () => `${text.settings.language}: ${nameOf(value)}`,
      value === language,
      set({ language: value }),
    ),
  )
  const formats = ExportFormat.options.map((value) =>
    settingEntry(
      `format ${value}`,
      () => `${text.settings.exportFormat}: ${text.export.formats[value]?.[0] ?? value}`,
      value === exportFormat,
      set({ exportFormat: value }),
    ),
  )
  const device = settingEntry(
    'device',
    () => text.settings.device,
    false,
    () => void openDialog('settings'),
  )
  return [...themes, ...spoken, ...formats, device]
}

/** All that the palette can find now. */
export const allEntries = (): Entry[] => [...actionEntries(), ...assetEntries(), ...settingEntries()]
