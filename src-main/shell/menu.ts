import { app, dialog, ipcMain, Menu, type BrowserWindow, type MenuItemConstructorOptions } from 'electron'
import { PageMenu, type ShellWords } from '../contract'
import { isOwn } from './scheme'
import { speak, words } from './words'

const audioExtensions = ['wav', 'flac', 'mp3', 'ogg', 'opus', 'm4a', 'aac', 'aif', 'aiff']
const pictureExtensions = ['png', 'jpg', 'jpeg', 'tif', 'tiff', 'webp', 'bmp', 'gif']
const isMac = process.platform === 'darwin'

async function chooseFiles(window: BrowserWindow | undefined, open: (paths: string[]) => void): Promise<void> {
  const options = {
    properties: ['openFile' as const, 'multiSelections' as const],
    filters: [
      { name: words().media, extensions: [...audioExtensions, ...pictureExtensions, 'npy'] },
      { name: words().allFiles, extensions: ['*'] },
    ],
  }
  const { filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options))
  if (filePaths.length) open(filePaths)
}

async function chooseProject(window: BrowserWindow | undefined, openProject: (folder: string) => void): Promise<void> {
  const options = { properties: ['openDirectory' as const, 'createDirectory' as const] }
  const { filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options))
  if (filePaths[0]) openProject(filePaths[0])
}

const keyNames: Record<string, string> = {
  ...{ Mod: 'CmdOrCtrl', ArrowLeft: 'Left', ArrowRight: 'Right', ArrowUp: 'Up', ArrowDown: 'Down', Escape: 'Esc' },
}

/** A shortcut as Electron writes it: `Mod+Shift+Z` → `CmdOrCtrl+Shift+Z`. */
export const accelerator = (keys: string): string =>
  keys === '+'
    ? 'Plus'
    : keys
        .split('+')
        .map((part) => keyNames[part] ?? part)
        .join('+')

/**
 * How an item shows its shortcut. The page itself listens for keys and knows when a field takes them, so nothing is registered; macOS cannot show
 * what it does not register, and gets only those with a modifier, which no field takes.
 */
function shortcut(keys: string | undefined): MenuItemConstructorOptions {
  if (!keys || (isMac && !keys.startsWith('Mod+'))) return {}
  return { accelerator: accelerator(keys), registerAccelerator: isMac }
}

/** Ampersands mark letters in menus; two of them are one. */
const plain = (label: string) => label.replaceAll('&', '&&')

function pageItems(group: PageMenu['groups'][number]): MenuItemConstructorOptions[] {
  return group.items.map(({ id, label, keys, enabled }) => ({
    ...{ id, label: plain(label), enabled, ...shortcut(keys) },
    click: (_item, window) => (window as BrowserWindow | undefined)?.webContents.send('nagare:action', id),
  }))
}

/** An item of the system's own, under a name in the language that is set. */
const role = (
  role: NonNullable<MenuItemConstructorOptions['role']>,
  word: keyof ShellWords,
): MenuItemConstructorOptions => ({ role, label: words()[word] })
const line: MenuItemConstructorOptions = { type: 'separator' }

const appItems = () => [
  ...[role('about', 'about'), line, role('services', 'services'), line],
  ...[role('hide', 'hide'), role('hideOthers', 'hideOthers'), role('unhide', 'showAll'), line, role('quit', 'quit')],
]
const editItems = () => [
  ...[role('undo', 'undo'), role('redo', 'redo'), line],
  ...[role('cut', 'cut'), role('copy', 'copy'), role('paste', 'paste'), role('delete', 'delete'), line],
  role('selectAll', 'selectAll'),
]
const windowItems = () => [
  ...[role('minimize', 'minimize'), role('zoom', 'zoom')],
  ...(isMac ? [line, role('front', 'front')] : [role('close', 'close')]),
]

export interface MenuActions {
  /** Opens files in the project. */
  open(paths: string[]): void
  openProject(folder: string): void
}

/** The application menu: the system's own roles, files and projects by the system's dialogs, and the window's actions once it has told them. */
function build({ open, openProject }: MenuActions, page: PageMenu | undefined): MenuItemConstructorOptions[] {
  const groupOf = (id: string) => page?.groups.find((group) => group.id === id)
  const own = (id: string) => {
    const group = groupOf(id)
    return group ? [...pageItems(group), { type: 'separator' } as const] : []
  }
  const file: MenuItemConstructorOptions[] = [
    {
      label: words().open,
      accelerator: 'CmdOrCtrl+O',
      click: (_item, window) => void chooseFiles(window as BrowserWindow | undefined, open),
    },
    {
      label: words().openProject,
      click: (_item, window) => void chooseProject(window as BrowserWindow | undefined, openProject),
    },
    { type: 'separator' },
    ...own('file'),
    isMac ? role('close', 'close') : role('quit', 'quit'),
  ]
  const view: MenuItemConstructorOptions[] = [
    ...own('view'),
    role('reload', 'reload'),
    ...(app.isPackaged ? [] : [role('toggleDevTools', 'devTools')]),
    { type: 'separator' },
    role('resetZoom', 'actualSize'),
    role('zoomIn', 'zoomIn'),
    role('zoomOut', 'zoomOut'),
    role('togglefullscreen', 'fullScreen'),
  ]
  const others = (page?.groups ?? []).filter(({ id, items }) => id !== 'file' && id !== 'view' && items.length > 0)
  return [
    ...(isMac ? [{ label: app.name, submenu: appItems() }] : []),
    { label: plain(groupOf('file')?.title ?? 'File'), submenu: file },
    { label: words().edit, submenu: editItems() },
    { label: plain(groupOf('view')?.title ?? 'View'), submenu: view },
    ...others.map((group) => ({ label: plain(group.title), submenu: pageItems(group) })),
    { label: words().window, role: 'windowMenu', submenu: windowItems() },
  ]
}

/** Sets the application menu, and sets it anew whenever the window tells of its actions. */
export function setMenu(actions: MenuActions): void {
  const apply = (page?: PageMenu) => Menu.setApplicationMenu(Menu.buildFromTemplate(build(actions, page)))
  apply()
  ipcMain.on('nagare:menu', ({ senderFrame }, told: unknown) => {
    if (!senderFrame || senderFrame.parent || !isOwn(senderFrame.url)) return
    const menu = PageMenu.safeParse(told)
    if (!menu.success) return
    if (menu.data.words) speak(menu.data.words)
    apply(menu.data)
  })
}
