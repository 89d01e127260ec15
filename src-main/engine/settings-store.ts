import { Settings, withPatch, type SettingsPatch } from '@contract'
import { readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sweepParts, writeFileAtomic } from '../lib/atomic-file'
import { asNagareError } from '../lib/errors'
import type { Log } from '../lib/log'

export interface SettingsStore {
  get(): Settings
  /** Changes what `patch` names, as `withPatch` does, and saves. Throws `disk-full`, `no-permission` and then changes nothing. */
  change(patch: SettingsPatch): Promise<Settings>
}

/** Opens the settings in `file`; what is missing has its default, and a file that cannot be understood is kept aside as `<file>.broken`. */
export async function openSettings(file: string, log: Log): Promise<SettingsStore> {
  // Another Nagare may be writing beside it, so only what nobody can be at any more.
  await sweepParts(dirname(file), 60_000)
  let settings = await read(file, log)
  let last: Promise<unknown> = Promise.resolve()

  const change = async (patch: SettingsPatch) => {
    const next = withPatch(settings, patch)
    await writeFileAtomic(file, JSON.stringify(next, null, 2))
    settings = next
    return next
  }
  return {
    get: () => settings,
    change(patch) {
      const mine = last.then(() => change(patch))
      last = mine.catch(() => undefined)
      return mine
    },
  }
}

async function read(file: string, log: Log): Promise<Settings> {
  const text = await readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return '{}'
    throw asNagareError(thrown, file)
  })
  try {
    return Settings.parse(JSON.parse(text))
  } catch (thrown) {
    log.warn('settings-broken', { error: thrown })
    await rename(file, `${file}.broken`)
    return Settings.parse({})
  }
}
