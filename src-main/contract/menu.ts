import { z } from 'zod'

/** What the desktop's own menu items, dialogs and messages are called in English, and until the window has told its language. */
export const englishShellWords = {
  open: 'Open…',
  openProject: 'Open Project Folder…',
  media: 'Sound, pictures and mel spectrograms',
  allFiles: 'All files',
  edit: 'Edit',
  undo: 'Undo',
  redo: 'Redo',
  cut: 'Cut',
  copy: 'Copy',
  paste: 'Paste',
  delete: 'Delete',
  selectAll: 'Select All',
  reload: 'Reload',
  devTools: 'Developer Tools',
  actualSize: 'Actual Size',
  zoomIn: 'Zoom In',
  zoomOut: 'Zoom Out',
  fullScreen: 'Full Screen',
  window: 'Window',
  minimize: 'Minimize',
  zoom: 'Zoom',
  front: 'Bring All to Front',
  close: 'Close Window',
  quit: 'Quit Nagare',
  about: 'About Nagare',
  services: 'Services',
  hide: 'Hide Nagare',
  hideOthers: 'Hide Others',
  showAll: 'Show All',
  engineStopped: 'The engine stopped',
  engineGaveUp: 'It ended too often to be started again; reload the window to try once more.',
  fileNotOpened: 'This file could not be opened',
  projectNotOpened: 'This project could not be opened',
}
type ShellWord = keyof typeof englishShellWords
const shellWords = Object.keys(englishShellWords) as [ShellWord, ...ShellWord[]]
export const ShellWords = z.record(z.enum(shellWords), z.string().min(1).max(200))
export type ShellWords = z.infer<typeof ShellWords>

/** What the window tells the desktop's menu: its actions by group, as they are named and can be done now, and the words for the desktop's own items. */
export const PageMenu = z.object({
  words: ShellWords.optional(),
  groups: z
    .array(
      z.object({
        id: z.string().max(40),
        title: z.string().min(1).max(80),
        items: z
          .array(
            z.object({
              id: z.string().min(1).max(60),
              label: z.string().min(1).max(200),
              /** Its first shortcut, as action records write it. */
              keys: z.string().max(40).optional(),
              enabled: z.boolean(),
            }),
          )
          .max(100),
      }),
    )
    .max(20),
})
export type PageMenu = z.infer<typeof PageMenu>
