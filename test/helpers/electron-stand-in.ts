import { EventEmitter } from 'node:events'

/**
 * Stands in for Electron's API where its binary is missing: records what the shell asks for, and lets a test play the system's part.
 * Load it anew (`vi.resetModules`) for each app.
 */
interface MenuItem {
  label?: string
  role?: string
  type?: string
  accelerator?: string
  registerAccelerator?: boolean
  enabled?: boolean
  click?: Handler
}

type Handler = (...args: never[]) => unknown

/** What the shell set once and for all. */
export const asked = {
  schemes: [] as unknown[],
  protocols: new Map<string, (request: Request) => Promise<Response>>(),
  permissionRequest: undefined as Handler | undefined,
  permissionCheck: undefined as Handler | undefined,
  devicePermission: undefined as Handler | undefined,
  menu: undefined as { label?: string; role?: string; submenu: MenuItem[] }[] | undefined,
  paths: {} as Record<string, string>,
  sandboxed: false,
  quits: 0,
  opened: [] as string[],
  errors: [] as string[],
  forks: [] as UtilityProcess[],
  windows: [] as BrowserWindow[],
  /** Set it to false before loading the app to play a second instance. */
  firstInstance: true,
  chosenFiles: [] as string[],
  /** Kinds of file that dialogs offered. */
  filters: [] as { name: string }[][],
}

class App extends EventEmitter {
  isPackaged = false
  name = 'Nagare'
  private ready = false
  isReady = () => this.ready
  whenReady = () => new Promise<void>((settle) => this.once('ready', settle))
  /** As in Electron, call it only once the main module has been evaluated: one that waits for it at its top level hangs. */
  becomeReady = () => {
    this.ready = true
    this.emit('ready')
  }
  enableSandbox = () => void (asked.sandboxed = true)
  requestSingleInstanceLock = () => asked.firstInstance
  setPath = (name: string, path: string) => void (asked.paths[name] = path)
  getFileIcon = async (path: string) => ({ iconOf: path })
  getPath = (name: string) => asked.paths[name] ?? `/${name}`
  /** Asks the listeners as Electron does: any of them may prevent it. */
  quit = () => {
    asked.quits++
    const event = preventable()
    this.emit('before-quit', event)
  }
}
export const app = new App()

export function preventable<Extra extends object>(extra?: Extra) {
  const event = { prevented: false, preventDefault: () => void (event.prevented = true), ...(extra as Extra) }
  return event
}

/** One end of a channel, as Electron's main process sees it. */
export class MessagePortMain extends EventEmitter {
  other!: MessagePortMain
  private waiting: unknown[] | undefined = []
  postMessage(data: unknown) {
    queueMicrotask(() => this.other.take(data))
  }
  private take(data: unknown) {
    if (this.waiting) this.waiting.push(data)
    else this.emit('message', { data, ports: [] })
  }
  start() {
    const waiting = this.waiting ?? []
    this.waiting = undefined
    for (const data of waiting) this.take(data)
  }
  close() {
    for (const end of [this, this.other]) queueMicrotask(() => end.emit('close'))
  }
}

export class MessageChannelMain {
  port1 = new MessagePortMain()
  port2 = new MessagePortMain()
  constructor() {
    this.port1.other = this.port2
    this.port2.other = this.port1
  }
}

export class UtilityProcess extends EventEmitter {
  pid = 1000 + asked.forks.length
  stdout = new EventEmitter()
  stderr = new EventEmitter()
  killed = false
  posted: { message: { type: string; trusted?: boolean }; ports: MessagePortMain[] }[] = []
  constructor(
    readonly path: string,
    readonly args: string[],
    readonly options: { serviceName?: string; stdio?: string },
  ) {
    super()
  }
  postMessage(message: { type: string }, ports: MessagePortMain[] = []) {
    this.posted.push({ message, ports })
  }
  kill() {
    this.killed = true
    return true
  }
}

export const utilityProcess = {
  fork(path: string, args: string[], options: object) {
    const child = new UtilityProcess(path, args, options)
    asked.forks.push(child)
    return child
  },
}

class WebContents extends EventEmitter {
  loading = false
  openHandler: ((details: { url: string }) => { action: string }) | undefined
  mainFrame = {
    url: '',
    posted: [] as { channel: string; ports: MessagePortMain[] }[],
    parent: null,
    postMessage(channel: string, _message: unknown, ports: MessagePortMain[]) {
      this.posted.push({ channel, ports })
    },
  }
  sent: unknown[][] = []
  send = (...words: unknown[]) => void this.sent.push(words)
  isLoading = () => this.loading
  getURL = () => this.mainFrame.url
  setWindowOpenHandler = (handler: (details: { url: string }) => { action: string }) =>
    void (this.openHandler = handler)
}

export class BrowserWindow extends EventEmitter {
  static getAllWindows = () => asked.windows
  webContents = new WebContents()
  shown = false
  focused = 0
  constructor(readonly options: { webPreferences?: Record<string, unknown> } & Record<string, unknown>) {
    super()
    asked.windows.push(this)
    app.emit('web-contents-created', {}, this.webContents)
  }
  /** Loading ends when the test says so, by `finishLoad`. */
  async loadURL(url: string) {
    this.webContents.mainFrame.url = url
    this.webContents.loading = true
  }
  finishLoad() {
    this.webContents.loading = false
    this.webContents.emit('did-finish-load')
  }
  show = () => void (this.shown = true)
  focus = () => void this.focused++
  isMinimized = () => false
  restore = () => {}
  setBackgroundColor = () => {}
}

export const protocol = {
  registerSchemesAsPrivileged: (schemes: unknown[]) => void asked.schemes.push(...schemes),
  handle: (scheme: string, handler: (request: Request) => Promise<Response>) =>
    void asked.protocols.set(scheme, handler),
}

class Session extends EventEmitter {
  setPermissionRequestHandler = (handler: Handler) => void (asked.permissionRequest = handler)
  setPermissionCheckHandler = (handler: Handler) => void (asked.permissionCheck = handler)
  setDevicePermissionHandler = (handler: Handler) => void (asked.devicePermission = handler)
}
export const session = { defaultSession: new Session() }

export const systemPreferences = { askForMediaAccess: async () => true }

export const shell = { openExternal: async (url: string) => void asked.opened.push(url) }

export const dialog = {
  showErrorBox: (title: string, text: string) => void asked.errors.push(`${title}: ${text}`),
  showOpenDialog: async (...args: { filters?: { name: string }[] }[]) => {
    asked.filters.push(args.at(-1)!.filters ?? [])
    return { filePaths: asked.chosenFiles }
  },
}

export const Menu = {
  buildFromTemplate: (template: typeof asked.menu) => template,
  setApplicationMenu: (menu: typeof asked.menu) => void (asked.menu = menu),
}

/** Electron's line from pages; a test plays the page by `emit`. */
export const ipcMain = Object.assign(new EventEmitter(), {
  handlers: new Map<string, Handler>(),
  handle(channel: string, handler: Handler) {
    ipcMain.handlers.set(channel, handler)
  },
})

export const nativeTheme = Object.assign(new EventEmitter(), { themeSource: 'system', shouldUseDarkColors: false })
