import { app, ipcMain } from 'electron'
import { join } from 'node:path'
import { inside, plainNames } from '../files'
import { isOwn } from './scheme'

/** Lets the window's own page drag a finished export, by its name in `exports/`, onto the desktop or into another program. */
export function allowDragOut(projectDir: () => string): void {
  ipcMain.on('nagare:drag', ({ sender, senderFrame }, name: unknown) => {
    if (!senderFrame || senderFrame.parent || !isOwn(senderFrame.url) || typeof name !== 'string') return
    const drag = async () => {
      const names = plainNames(`/${encodeURIComponent(name)}`)
      const file = names && (await inside(join(projectDir(), 'exports'), ...names))
      if (file) sender.startDrag({ file, icon: await app.getFileIcon(file) })
    }
    drag().catch((thrown: unknown) => process.stderr.write(`${name} could not be dragged: ${String(thrown)}\n`))
  })
}
