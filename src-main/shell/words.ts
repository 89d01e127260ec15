import type { ShellWords } from '../contract'

/** What the shell says before the window has told its language. */
export const english: ShellWords = {
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

let now = english

/** The shell's words in the language that the window speaks. */
export const words = (): ShellWords => now

export const speak = (told: ShellWords): void => void (now = told)
