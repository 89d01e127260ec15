import { origin, type Box } from './camera'
import { coveredTile } from './map-outline'
import { maskEdges, pathOf } from './outline'
import { paintTile } from './paint-map'
import { paintRulers } from './rulers'
import type { MapOutline, Pane, Pass, Scene } from './scene'
import { speckPlaces } from './specks'
import { above, lastLevel, levelFor, tileBox, tilesIn, tileSide, type TileAt } from './tile-grid'
import type { TileStore } from './tile-store'

/** A canvas to draw on: CSS pixels, and its own for each of them. */
export interface Sheet {
  context: CanvasRenderingContext2D
  width: number
  height: number
  ratio: number
}

/** Where a pane shows the picture, in the canvas's pixels. */
interface Place {
  scale: number
  left: number
  top: number
  /** The part of the picture that is seen. */
  seen: Box
}

/** How much of a scene was drawn. */
export interface Drawn {
  /** As it is: every tile was there. */
  isWhole: boolean
  /** At the scale of the view: every tile was there, or a draft of it. */
  isShown: boolean
  /** Something is seen everywhere, be it coarse. */
  isCovered: boolean
}

/** Draws a scene from the tiles at hand, and asks for those that are missing. */
export function paintScene(sheet: Sheet, scene: Scene, store: TileStore): Drawn {
  const { context, ratio } = sheet
  const drawn: Drawn = { isWhole: true, isShown: true, isCovered: true }
  store.begin()
  context.save()
  for (const pane of scene.panes) {
    const place = placeOf(sheet, scene, pane)
    context.save()
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.beginPath()
    context.rect(
      Math.round(pane.x * ratio),
      0,
      Math.round((pane.x + pane.width) * ratio) - Math.round(pane.x * ratio),
      sheet.height * ratio,
    )
    context.clip()
    context.save()
    const { scale, left, top } = place
    const { width, height } = scene.size
    context.beginPath()
    context.rect(left, top, Math.round(left + width * scale) - left, Math.round(top + height * scale) - top)
    context.clip()
    context.imageSmoothingEnabled = scale < 2
    for (const pass of pane.passes) {
      const found = paintPass(context, scene, place, pass, store)
      drawn.isWhole &&= found.isWhole
      drawn.isShown &&= found.isShown
      drawn.isCovered &&= found.isCovered
    }
    context.restore()
    if (scene.outline) drawn.isWhole = paintOutline(context, ratio, scene, place, scene.outline, store) && drawn.isWhole
    if (scene.marked) paintBox(context, ratio, place, scene.marked, scene.colours)
    context.restore()
  }
  context.restore()
  // Panes that show one place together have rulers together.
  if (scene.rulers)
    for (const pane of scene.panes.every(({ shift }) => shift === 0)
      ? [{ ...scene.panes[0]!, x: 0, width: sheet.width }]
      : scene.panes) {
      const { scale, left, top } = placeOf(sheet, scene, pane)
      paintRulers(sheet, pane, { scale: scale / ratio, left: left / ratio, top: top / ratio }, scene)
    }
  store.end()
  return drawn
}

/** Where a pane shows the picture: on whole pixels of the screen, so that a picture at its own size is shown pixel by pixel. */
export function placeOf({ ratio, height: viewHeight }: Sheet, { camera, size }: Scene, pane: Pane): Place {
  const { x, y } = origin(camera)
  const scale = camera.scale * ratio
  const left = Math.round((x + pane.shift) * ratio)
  const top = Math.round(y * ratio)
  const from = { x: (pane.x * ratio - left) / scale, y: -top / scale }
  const seen = {
    x: Math.max(0, Math.floor(from.x)),
    y: Math.max(0, Math.floor(from.y)),
    right: Math.min(size.width, Math.ceil(from.x + (pane.width * ratio) / scale)),
    bottom: Math.min(size.height, Math.ceil(from.y + (viewHeight * ratio) / scale)),
  }
  const box = { x: seen.x, y: seen.y, width: seen.right - seen.x, height: seen.bottom - seen.y }
  return { scale, left, top, seen: box }
}

function paintPass(
  context: CanvasRenderingContext2D,
  { size }: Scene,
  place: Place,
  pass: Pass,
  store: TileStore,
): Drawn {
  if (place.seen.width <= 0 || place.seen.height <= 0) return { isWhole: true, isShown: true, isCovered: true }
  let drafts = 0
  const pictureAt = (asset: string, at: TileAt, isWanted: boolean) => {
    const found = store.picture(asset, at, isWanted)
    if (found?.isDraft && isWanted) drafts++
    return found?.bitmap
  }
  const get = (at: TileAt, isWanted: boolean): CanvasImageSource | undefined =>
    pass.kind === 'picture'
      ? pictureAt(pass.asset, at, isWanted)
      : store.painted(
          pass.asset,
          size,
          at,
          pass.look,
          (tile) => ({ image: paintTile(tile, pass.table, pass.specks ? speckPlaces(pass.specks, size, at) : []) }),
          isWanted,
        )?.image
  const level = levelFor(size, place.scale)
  const last = lastLevel(size)
  // All of the picture, so that something is there while the rest is on its way.
  if (level < last) get({ level: last, column: 0, row: 0 }, true)
  const tiles = tilesIn(size, level, place.seen)
  const exact: [CanvasImageSource, TileAt][] = []
  const coarse: [CanvasImageSource, TileAt, TileAt][] = []
  for (const at of tiles) {
    const found = get(at, true)
    if (found) exact.push([found, at])
    else
      for (let up = 1; level + up <= last; up++) {
        const source = get(above(at, up), false)
        if (!source) continue
        coarse.push([source, above(at, up), at])
        break
      }
  }
  context.globalAlpha = pass.opacity
  context.globalCompositeOperation = pass.kind === 'picture' && pass.isDifference ? 'difference' : 'source-over'
  context.filter = pass.kind === 'picture' && pass.isGrey ? 'grayscale(1)' : 'none'
  for (const [source, from, at] of coarse) paintPart(context, place, source, from, levelZero(at))
  for (const [source, at] of exact) paintPart(context, place, source, at, levelZero(at))
  context.globalAlpha = 1
  context.globalCompositeOperation = 'source-over'
  context.filter = 'none'
  const isShown = exact.length === tiles.length
  return { isWhole: isShown && drafts === 0, isShown, isCovered: exact.length + coarse.length === tiles.length }
}

/** The box of a tile in the picture's pixels. */
function levelZero({ level, column, row }: TileAt): Box {
  const side = tileSide * 2 ** level
  return { x: column * side, y: row * side, width: side, height: side }
}

/** Draws what a tile shows of a box of the picture, as far as it is seen. */
function paintPart(
  context: CanvasRenderingContext2D,
  { scale, left, top, seen }: Place,
  source: CanvasImageSource,
  { level, column, row }: TileAt,
  part: Box,
) {
  const unit = 2 ** level
  const { width, height } = source as ImageBitmap
  const along = (start: number, length: number, from: number, to: number, tile: number, limit: number) => {
    const first = Math.max(start, from)
    const end = Math.min(start + length, to)
    const low = Math.min(limit, Math.max(0, Math.floor(first / unit) - tile * tileSide))
    const high = Math.min(limit, Math.max(low, Math.ceil(end / unit) - tile * tileSide))
    return { low, high, base: tile * tileSide }
  }
  const x = along(part.x, part.width, seen.x, seen.x + seen.width, column, width)
  const y = along(part.y, part.height, seen.y, seen.y + seen.height, row, height)
  const to = (offset: number, at: number) => Math.round(offset + at * unit * scale)
  const [x0, x1] = [to(left, x.base + x.low), to(left, x.base + x.high)]
  const [y0, y1] = [to(top, y.base + y.low), to(top, y.base + y.high)]
  if (x1 > x0 && y1 > y0)
    context.drawImage(source, x.low, y.low, x.high - x.low, y.high - y.low, x0, y0, x1 - x0, y1 - y0)
}

/** Lines as wide on the screen at every scale, set off from what is under them. */
function stroke(
  context: CanvasRenderingContext2D,
  path: Path2D,
  { across, ratio, width }: { across: number; ratio: number; width: number },
  { colour, halo }: { colour: string; halo: string },
) {
  context.lineCap = 'square'
  for (const [style, wide] of [
    [halo, width + 2],
    [colour, width],
  ] as const) {
    context.strokeStyle = style
    context.lineWidth = (wide * ratio) / across
    context.stroke(path)
  }
}

function paintOutline(
  context: CanvasRenderingContext2D,
  ratio: number,
  { size, colours }: Scene,
  { scale, left, top, seen }: Place,
  outline: MapOutline,
  store: TileStore,
): boolean {
  if (seen.width <= 0 || seen.height <= 0) return true
  const tiles = tilesIn(size, levelFor(size, scale), seen)
  let isWhole = true
  for (const at of tiles) {
    const tileAt = (other: TileAt) => store.values(outline.asset, size, other, other === at)
    const near = [
      [-1, 0],
      [1, 0],
      [0, -1],
      [0, 1],
    ].map(([dx, dy]) => (tileAt({ ...at, column: at.column + dx!, row: at.row + dy! }) ? 1 : 0))
    const lines = store.painted(outline.asset, size, at, `lines ${outline.look} ${near.join('')}`, () => ({
      lines: pathOf(maskEdges(coveredTile(size, at, outline, tileAt)!)),
    }))?.lines
    if (!lines) {
      isWhole = false
      continue
    }
    const { x, y } = tileBox(size, at)
    const across = scale * 2 ** at.level
    context.save()
    context.setTransform(across, 0, 0, across, left + x * across, top + y * across)
    stroke(context, lines, { across, ratio, width: 1.5 }, { colour: colours.line, halo: colours.halo })
    context.restore()
  }
  return isWhole
}

function paintBox(
  context: CanvasRenderingContext2D,
  ratio: number,
  { scale, left, top }: Place,
  { x, y, width, height }: Box,
  { mark, halo }: Scene['colours'],
) {
  const gap = 3 * ratio
  const path = new Path2D()
  path.rect(left + x * scale - gap, top + y * scale - gap, width * scale + 2 * gap, height * scale + 2 * gap)
  stroke(context, path, { across: 1, ratio, width: 2 }, { colour: mark, halo })
}
