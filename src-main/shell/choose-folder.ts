import { BrowserWindow, dialog, ipcMain } from 'electron'
import { isOwn } from './scheme'

/** Lets the window's own page ask for a folder by the system's dialog; answers its path, or null where none was chosen. */
export function answerFolders(): void {
  ipcMain.handle('nagare:folder', async ({ senderFrame, sender }, title: unknown) => {
    if (!senderFrame || senderFrame.parent || !isOwn(senderFrame.url)) return null
    const window = BrowserWindow.fromWebContents(sender)
    const options = { title: String(title).slice(0, 100), properties: ['openDirectory' as const] }
    const { filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options))
    return filePaths[0] ?? null
  })
}
