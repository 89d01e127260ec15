import type { SettingsPatch } from '@contract'
import { tellError } from '../state/notices.svelte'
import { look } from '../state/look.svelte'
import { showSettings } from '../state/project.svelte'
import { call } from '../transport/engine'
import { text } from '../text/text.svelte'

/** Changes settings at once in this window and, through the engine, in every other. */
export async function changeSettings(change: SettingsPatch) {
  try {
    await showSettings(change, call('settings.set', change))
  } catch (error) {
    tellError(text.settings.failed, error)
  }
}

/** Switches to the theme that is not on screen. */
export const switchTheme = () => changeSettings({ theme: look.theme === 'dark' ? 'light' : 'dark' })
