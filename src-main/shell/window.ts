import { BrowserWindow, nativeTheme } from 'electron'
import { windowOrigin } from './scheme'

const background = () => (nativeTheme.shouldUseDarkColors ? '#15171a' : '#f6f6f4')

/** Keeps the colour behind the page, seen while it loads or is resized, in the theme's. */
export function followTheme(): void {
  nativeTheme.on('updated', () =>
    BrowserWindow.getAllWindows().forEach((window) => window.setBackgroundColor(background())),
  )
}

/** Opens the window: sandboxed, isolated, without Node; shown when its first picture is ready. */
export function openWindow(preload: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1280,
    height: 840,
    minWidth: 640,
    minHeight: 480,
    show: false,
    autoHideMenuBar: true,
    backgroundColor: background(),
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  })
  window.once('ready-to-show', () => window.show())
  void window.loadURL(`${windowOrigin}/`)
  return window
}
