import {
  app,
  shell,
  systemPreferences,
  type MediaAccessPermissionRequest,
  type Session,
  type WebContents,
} from 'electron'
import { join } from 'node:path'
import { isOwn } from './scheme'

/** Permissions the window uses, beside the microphone; all others are denied. */
const granted = new Set(['clipboard-sanitized-write', 'notifications'])

/** Sites that links in model cards may open in the person's browser. */
const linkHosts = new Set(['github.com', 'arxiv.org', 'doi.org', 'creativecommons.org'])

function openOutside(address: string): void {
  if (!URL.canParse(address)) return
  const url = new URL(address)
  if (url.protocol === 'https:' && linkHosts.has(url.hostname)) void shell.openExternal(url.href)
}

/** Keeps `contents` on the window's own origin: no navigation away, no new windows, no webviews. */
function guardContents(contents: WebContents): void {
  contents.on('will-frame-navigate', (event) => {
    if (!isOwn(event.url)) event.preventDefault()
  })
  contents.on('will-navigate', (event) => {
    if (!isOwn(event.url)) event.preventDefault()
  })
  contents.on('will-redirect', (event) => {
    if (!isOwn(event.url)) event.preventDefault()
  })
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    openOutside(url)
    return { action: 'deny' }
  })
}

/** Guards every web contents that the app will ever make; call it before the first window. */
export function guardNavigation(): void {
  app.on('web-contents-created', (_event, contents) => guardContents(contents))
}

/** Whether the system lets Nagare use the microphone; macOS asks the person the first time. */
const mayHear = async (): Promise<boolean> =>
  process.platform !== 'darwin' || systemPreferences.askForMediaAccess('microphone')

/** Denies every permission and device that the window does not use (of cameras and microphones, the microphone), and lets only its own files be saved, each after a save dialog. */
export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    const own = details.isMainFrame && isOwn(details.requestingUrl)
    if (permission !== 'media') return answer(own && granted.has(permission))
    const { mediaTypes = [] } = details as MediaAccessPermissionRequest
    if (!own || mediaTypes.length === 0 || mediaTypes.some((type) => type !== 'audio')) return answer(false)
    void mayHear().then(answer, () => answer(false))
  })
  session.setPermissionCheckHandler(
    (_contents, permission, origin, details: { mediaType?: string } | undefined) =>
      isOwn(origin) && (granted.has(permission) || (permission === 'media' && details?.mediaType === 'audio')),
  )
  session.setDevicePermissionHandler(() => false)
  session.on('will-download', (event, item) => {
    if (!isOwn(item.getURL()) && !item.getURL().startsWith('blob:app://bundle/')) return event.preventDefault()
    item.setSaveDialogOptions({ defaultPath: join(app.getPath('downloads'), item.getFilename()) })
  })
}
