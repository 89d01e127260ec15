import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..', 'node_modules', 'electron')

/** Path of the Electron binary, or undefined where it was not downloaded. (Importing `electron` itself would try to download it.) */
export function electronPath() {
  const named = join(folder, 'path.txt')
  if (!existsSync(named)) return undefined
  const path = join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist'), readFileSync(named, 'utf8').trim())
  return existsSync(path) ? path : undefined
}

/** Whether a window could be shown here. */
export function hasScreen() {
  if (process.platform === 'win32') return true
  if (process.platform === 'darwin') return !process.env.SSH_CONNECTION
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}
