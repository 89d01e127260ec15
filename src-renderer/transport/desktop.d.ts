/** What the desktop shell's preload gives the page; absent in a browser. */
interface Desktop {
  /** The path of a file that was dropped, opened or pasted; empty when it has none. */
  pathOf(file: File): string
  platform: string
}

interface Window {
  desktop?: Desktop
}
