import type { ErrorRecord } from '../contract/records'
import { contentResponse } from './range-response'
import { refusal } from './room'

/** A tile of a picture of the project. */
export interface TileRequest {
  asset: string
  /** `tiles` for showing (PNG), `values` for its own integers. */
  kind: 'tiles' | 'values'
  /** 0 is the picture itself, each level half as large as the one before. */
  level: number
  column: number
  row: number
  /** Whether one that is about as the tile will be is welcome where that is there sooner. */
  draft?: boolean
}

export type TileAnswer = { bytes: Uint8Array; isDraft?: boolean } | { error: ErrorRecord }

/** The way to the engine. */
export type TileLine = (asked: TileRequest) => Promise<TileAnswer>

const statusOf = { 'not-found': 404, 'bad-input': 404, unavailable: 503, 'disk-full': 507 } as Record<string, number>
const names = /^(\d{1,2})$/
const place = /^(\d{1,6})-(\d{1,6})$/

/**
 * Answers GET of `/media/<asset>/<kind>/<level>/<column>-<row>`; undefined where that names no tile. What a tile holds never changes; only where `?draft` allows it may
 * what comes before it be answered, marked by the header `Nagare-Draft` and not to be kept. Answers
 * `{error}` where the picture has no such tile (404), cannot be read (500), or there is no engine (503).
 */
export async function tileResponse(
  request: Request,
  [asset, kind, level, at]: readonly (string | undefined)[],
  tiles: TileLine | undefined,
): Promise<Response | undefined> {
  const [, levelText] = names.exec(level ?? '') ?? []
  const [, column, row] = place.exec(at ?? '') ?? []
  if ((kind !== 'tiles' && kind !== 'values') || levelText === undefined || column === undefined) return undefined
  const tile = { level: Number(levelText), column: Number(column), row: Number(row) }
  const draft = new URL(request.url).searchParams.has('draft')
  const answer: TileAnswer = tiles
    ? await tiles({ asset: asset!, kind, ...tile, ...(draft ? { draft } : {}) })
    : { error: { code: 'unavailable', message: 'Tiles are not to be had here.' } }
  if ('error' in answer) return refusal(statusOf[answer.error.code] ?? 500, answer.error)
  const bytes = answer.bytes as Uint8Array<ArrayBuffer>
  const isDraft = answer.isDraft === true
  return contentResponse(request, {
    size: bytes.length,
    tag: `"${asset}-${kind}-${level}-${at}${isDraft ? '-draft' : ''}"`,
    headers: {
      'Content-Type': kind === 'tiles' ? 'image/png' : 'application/octet-stream',
      ...(isDraft
        ? { 'Cache-Control': 'no-store', 'Nagare-Draft': '1' }
        : { 'Cache-Control': 'private, max-age=86400, immutable' }),
    },
    body: (first, last) => bytes.slice(first, last + 1),
  })
}
