import { app, dialog, Menu, type BrowserWindow, type MenuItemConstructorOptions } from 'electron'

const audioExtensions = ['wav', 'flac', 'mp3', 'ogg', 'opus', 'm4a', 'aac', 'aif', 'aiff']
const pictureExtensions = ['png', 'jpg', 'jpeg', 'tif', 'tiff', 'webp', 'bmp', 'gif']

async function chooseFiles(window: BrowserWindow | undefined, open: (paths: string[]) => void): Promise<void> {
  const options = {
    properties: ['openFile' as const, 'multiSelections' as const],
    filters: [
      { name: 'Sound, pictures and mel spectrograms', extensions: [...audioExtensions, ...pictureExtensions, 'npy'] },
      { name: 'All files', extensions: ['*'] },
    ],
  }
  const { filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options))
  if (filePaths.length) open(filePaths)
}

/** Sets the application menu: the system's own roles, and Open, which hands the chosen paths to `open`. */
export function setMenu(open: (paths: string[]) => void): void {
  const mac = process.platform === 'darwin'
  const file: MenuItemConstructorOptions[] = [
    {
      label: 'Open…',
      accelerator: 'CmdOrCtrl+O',
      click: (_item, window) => void chooseFiles(window as BrowserWindow | undefined, open),
    },
    { type: 'separator' },
    { role: mac ? 'close' : 'quit' },
  ]
  const view: MenuItemConstructorOptions[] = [
    { role: 'reload' },
    ...(app.isPackaged ? [] : [{ role: 'toggleDevTools' } as const]),
    { type: 'separator' },
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { role: 'togglefullscreen' },
  ]
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(mac ? [{ role: 'appMenu' } as const] : []),
      { label: 'File', submenu: file },
      { role: 'editMenu' },
      { label: 'View', submenu: view },
      { role: 'windowMenu' },
    ]),
  )
}
