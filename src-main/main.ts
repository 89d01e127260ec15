import { app, BrowserWindow, dialog, session } from 'electron'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { places, withProject } from './files'
import { answerFolders } from './shell/choose-folder'
import { allowDragOut } from './shell/drag-out'
import { engineClient } from './shell/engine-client'
import { startEngine, type DesktopEngine } from './shell/engine-process'
import { guardNavigation, guardSession } from './shell/guards'
import { setMenu } from './shell/menu'
import { filesOf } from './shell/opened-files'
import { declareScheme, isOwn, serveScheme } from './shell/scheme'
import { followTheme, openWindow } from './shell/window'
import { words } from './shell/words'

const where = withProject(places())
const client = engineClient()
let engine: DesktopEngine | undefined

/** Gives a window its own line to the engine; only the app's own page gets one. */
function connectWindow({ webContents }: BrowserWindow): void {
  const port = isOwn(webContents.mainFrame.url) && !webContents.isLoading() ? engine?.ready?.openPort() : undefined
  if (port) webContents.mainFrame.postMessage('nagare:port', null, [port])
}

const engineGaveUp = (reason: string) => dialog.showErrorBox(words().engineStopped, `${reason} ${words().engineGaveUp}`)

function showWindow(): void {
  const [open] = BrowserWindow.getAllWindows()
  if (open?.isMinimized()) open.restore()
  if (open) return open.focus()
  const window = openWindow(where.preload)
  window.webContents.on('did-finish-load', () => {
    engine?.start()
    connectWindow(window)
  })
}

/** The engine is there: the shell takes a line to it, and so does every window. */
function engineReady(): void {
  const port = engine?.ready?.openPort()
  if (port) client.attach(port)
  BrowserWindow.getAllWindows().forEach(connectWindow)
}

function start(): void {
  guardSession(session.defaultSession)
  serveScheme({
    ...{ rendererDir: where.renderer, projectDir: () => where.project },
    packDirs: [where.starterPacks, where.userPacks],
    live: async (piece) =>
      engine?.ready?.live(piece) ?? { error: { code: 'unavailable', message: 'The engine is being restarted.' } },
    tiles: async (asked) =>
      engine?.ready?.tiles(asked) ?? { error: { code: 'unavailable', message: 'The engine is being restarted.' } },
  })
  setMenu(client)
  allowDragOut(() => where.project)
  answerFolders()
  followTheme()
  engine = startEngine(where, { ready: engineReady, gaveUp: engineGaveUp })
  showWindow()
}

const userData = join(where.home, 'window')
mkdirSync(userData, { recursive: true })
app.setPath('userData', userData)
app.enableSandbox()
declareScheme()
guardNavigation()

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', (_event, argv, folder) => {
    showWindow()
    client.open(filesOf(argv, folder, where.root))
  })
  app.on('open-file', (event, path) => {
    event.preventDefault()
    client.open([path])
  })
  app.on('activate', () => app.isReady() && showWindow())
  app.on('window-all-closed', () => process.platform !== 'darwin' && app.quit())

  let stopped = false
  app.on('before-quit', (event) => {
    if (stopped || !engine) return
    event.preventDefault()
    void engine.quit().then(() => {
      stopped = true
      app.quit()
    })
  })

  client.open(filesOf(process.argv, process.cwd(), where.root))
  // Not awaited: Electron is ready only once this module has been evaluated.
  void app.whenReady().then(start)
} else {
  app.quit()
}
