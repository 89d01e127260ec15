import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Id } from '../contract/records'
import { editedPeaksResponse, editedResponse, versionFor } from './edited-sound'
import { liveResponse, type LiveLine } from './live-sound'
import { securityHeaders, textResponse } from './headers'
import { inside, plainNames } from './path-guard'
import { rangeResponse } from './range-response'
import { tileResponse, type TileLine } from './picture-tile'
import { chunkResponse } from './recording-chunk'
import { bitsResponse, uploadResponse } from './upload'
import { voiceResponse } from './voice-sample'

export interface FilesOptions {
  /** Folder of the built window, with index.html. */
  rendererDir: string
  /** Folder of the project that is open now. */
  projectDir: string | (() => string)
  /** Folders of packs, whose voices can be heard. */
  packDirs?: readonly string[]
  /** Whether `PUT /upload` is answered (the Node host; the desktop names files by path). */
  uploads: boolean
  /** The engine, for sound that is converted while it is spoken; without it there is none. */
  live?: LiveLine
  /** The engine, for pictures in tiles; without it there are none. */
  tiles?: TileLine
}

/** What is served of an asset besides its file. */
const parts = new Map([
  ['peaks', 'peaks.bin'],
  ['mel', 'mel.f32'],
  ['preview', 'preview.png'],
  ['thumb', 'thumb.png'],
])

const notFound = () => textResponse(404, 'Not found.')

/** The file that plays an asset: its PCM copy where one was made, else the file as it came. */
async function mediaFile(assets: string, id: string): Promise<string | undefined> {
  const pcm = await inside(assets, id, 'pcm.wav')
  if (pcm) return pcm
  const folder = await inside(assets, id)
  const source = folder && (await readdir(folder)).find((name) => name.startsWith('source.'))
  return source && inside(assets, id, source)
}

function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}

/**
 * Everything that goes by URL, for Electron's scheme and the Node host alike: the window's bundle, `/media/<id>`, `/media/<id>/peaks` (both of an edited sound as it is now, or as it was: `?v=<version>`), `/media/<id>/mel`,
 * `/media/<id>/preview`, `/media/<id>/thumb`, `/media/<id>/tiles/<level>/<column>-<row>`, `/media/<id>/values/<level>/<column>-<row>`, `/packs/<id>/voices/<n>`, `/exports/<name>`, `PUT /upload`, `PUT /bits`, `POST /recordings/<id>`, `POST /live/<session>`. Never rejects; each answer carries the security headers.
 */
export function filesHandler({
  rendererDir,
  projectDir: project,
  packDirs = [],
  uploads,
  live,
  tiles,
}: FilesOptions): (request: Request) => Promise<Response> {
  const answer = async (request: Request, pathname: string): Promise<Response> => {
    const projectDir = typeof project === 'string' ? project : project()
    const assets = join(projectDir, 'assets')
    if (uploads && pathname === '/upload') {
      if (request.method === 'PUT') return uploadResponse(request, join(projectDir, 'incoming'))
      return textResponse(405, 'Upload with PUT.', { Allow: 'PUT' })
    }
    if (pathname === '/bits') {
      if (request.method === 'PUT') return bitsResponse(request, join(projectDir, 'incoming'))
      return textResponse(405, 'Send a mask with PUT.', { Allow: 'PUT' })
    }
    const posted = /^\/(recordings|live)\/([^/]+)$/.exec(pathname)
    if (posted && Id.safeParse(posted[2]).success) {
      if (request.method !== 'POST') return textResponse(405, 'Send sound with POST.', { Allow: 'POST' })
      if (posted[1] === 'recordings') return chunkResponse(request, join(projectDir, 'recordings'), posted[2]!)
      return liveResponse(request, posted[2]!, live)
    }
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return textResponse(405, 'Only GET and HEAD are answered here.', { Allow: 'GET, HEAD' })
    const names = pathname === '/' ? ['index.html'] : plainNames(pathname)
    if (!names) return notFound()
    const [first, second, third] = names

    if (first === 'media' && names.length === 5 && Id.safeParse(second).success)
      return (await tileResponse(request, names.slice(1), tiles)) ?? notFound()
    if (first === 'media') {
      if (!Id.safeParse(second).success || names.length > 3 || (third && !parts.has(third))) return notFound()
      const version = third && third !== 'peaks' ? undefined : await versionFor(request, assets, second!)
      if (version !== undefined) {
        const edited = third ? editedPeaksResponse : editedResponse
        return (await edited(request, assets, second!, version)) ?? notFound()
      }
      const file = third ? await inside(assets, second!, parts.get(third)!) : await mediaFile(assets, second!)
      if (file) return rangeResponse(request, file)
      const known = await inside(assets, second!)
      return known ? textResponse(404, 'Not there yet.', { 'Retry-After': '1' }) : notFound()
    }
    if (first === 'packs') {
      const voice = names.length === 4 && third === 'voices'
      return (voice && (await voiceResponse(request, packDirs, second!, names[3]!))) || notFound()
    }
    if (first === 'exports') {
      const file = names.length === 2 ? await inside(projectDir, 'exports', second!) : undefined
      return file ? rangeResponse(request, file, { 'Content-Disposition': attachment(second!) }) : notFound()
    }
    const file = await inside(rendererDir, ...names)
    // Files in assets/ carry a hash of their content in their name.
    const cache = first === 'assets' ? { 'Cache-Control': 'private, max-age=31536000, immutable' } : undefined
    return file ? rangeResponse(request, file, cache) : notFound()
  }

  return async (request) => {
    const url = new URL(request.url)
    const response = await answer(request, url.pathname).catch((thrown: NodeJS.ErrnoException) =>
      thrown.code === 'ENOENT' || thrown.code === 'EISDIR'
        ? notFound()
        : textResponse(500, `This could not be read or written: ${thrown.message}`),
    )
    for (const [name, value] of Object.entries(securityHeaders(url))) response.headers.set(name, value)
    return response
  }
}
