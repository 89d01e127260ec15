import { protocol } from 'electron'
import { filesHandler, textResponse, type FilesOptions } from '../files'

/** Where the window lives: a standard, secure origin instead of file://. */
export const windowOrigin = 'app://bundle'

/** Whether `url` belongs to the window's own origin. */
export function isOwn(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'app:' && new URL(url).host === 'bundle'
}

/** Declares the scheme; must run before the app is ready. The content policy is not bypassed. */
export function declareScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true }
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges }])
}

/** Answers the scheme from the bundle and the project folder. */
export function serveScheme(options: Omit<FilesOptions, 'uploads'>): void {
  const answer = filesHandler({ ...options, uploads: false })
  protocol.handle('app', async (request) => (isOwn(request.url) ? answer(request) : textResponse(404, 'Not found.')))
}
