/** What the desktop shell's preload gives the page; absent in a browser. */
interface Desktop {
  /** The path of a file that was dropped, opened or pasted; empty when it has none. */
  pathOf(file: File): string
  /** Lets the person choose a folder; null where none was chosen. */
  chooseFolder(title: string): Promise<string | null>
  platform: string
  /** Tells the application menu what can be done; what is chosen there comes back as a message `{type: 'nagare:action', id}`. */
  setMenu(menu: import('@contract').PageMenu): void
  /** Begins to drag the export `name` out of the window, while the pointer's button is held. */
  dragOut(name: string): void
}

interface Window {
  desktop?: Desktop
}
