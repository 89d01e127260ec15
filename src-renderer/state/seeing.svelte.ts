import { untrack } from 'svelte'
import {
  around,
  clampCamera,
  fitScale,
  fitted,
  panned,
  scaledTo,
  smallestScale,
  type Box,
  type Camera,
  type Point,
} from '../image/camera'

/** What a picture document shows: the picture, the map of its oddness over it, that map alone, or what lies above the threshold. */
export const allLayers = ['original', 'overlay', 'heatmap', 'mask'] as const
export type Layer = (typeof allLayers)[number]

/** What is seen of a picture; without one `layers` is empty. */
export const seeing = $state({
  /** Which layers there are to see. */
  layers: [] as readonly Layer[],
  layer: 'original' as Layer,
  /** Share of the heat map in the overlay. */
  opacity: 0.5,
  /** Whether the mask's outline is drawn. */
  outline: true,
  /** Boxes of the regions that were found, and which is looked at. */
  regions: [] as readonly Box[],
  region: null as number | null,
  /** The pointer's place in the view, CSS pixels; null while it is elsewhere. */
  pointer: null as Point | null,
  /** Whether the middle of the view is aimed at, by keys. */
  aim: false,
  camera: { x: 0.5, y: 0.5, scale: 1, viewWidth: 1, viewHeight: 1, width: 1, height: 1 } as Camera,
})

function set(camera: Camera) {
  seeing.camera = camera
}

const now = () => untrack(() => seeing.camera)
let shown = ''

/** Keeps what is shown when the view's size changes; shows all of another `document`. */
export function layOutPicture(
  viewWidth: number,
  viewHeight: number,
  size: { width: number; height: number },
  id: string,
) {
  const before = now()
  const { width, height } = size
  const next = { ...before, viewWidth, viewHeight, width, height }
  const wasFitted = Math.abs(before.scale / fitScale(before) - 1) < 1e-6
  set(id !== shown || wasFitted ? fitted(next) : clampCamera(next))
  shown = id
}

/** Opens a document with what there is to see of it; what was chosen is kept while the document stays the same. */
export function seeDocument(layers: readonly Layer[], regions: readonly Box[]) {
  untrack(() => {
    seeing.layers = layers
    seeing.regions = regions
    seeing.region = null
    if (!layers.includes(seeing.layer)) seeing.layer = 'original'
  })
}

/** Nothing is seen any more. */
export function seeNothing() {
  seeDocument([], [])
  seeing.pointer = null
  seeing.aim = false
}

export const isSeeing = () => seeing.layers.length > 0
export const canSee = (layer: Layer) => seeing.layers.includes(layer)
export const see = (layer: Layer) => void (seeing.layer = layer)

/** A picture pixel for each pixel of the screen. */
const actualScale = () => 1 / devicePixelRatio
export const isFitted = () => Math.abs(seeing.camera.scale / fitScale(seeing.camera) - 1) < 1e-3
export const isSmallest = () => seeing.camera.scale <= smallestScale(seeing.camera) * 1.001
export const isActual = () => Math.abs(seeing.camera.scale / actualScale() - 1) < 1e-3
/** Screen pixels for each of the picture's. */
export const magnification = () => seeing.camera.scale * devicePixelRatio

export const zoomPicture = (factor: number, anchor?: Point) => set(scaledTo(now(), now().scale * factor, anchor))
export const fitPicture = () => set(fitted(now()))
export const showActual = () => set(scaledTo(now(), actualScale(), seeing.pointer ?? undefined))
export const panPicture = (across: number, down: number) => set(panned(now(), across, down))

/** Brings a region into the middle and marks it. */
export function showRegion(index: number) {
  const box = seeing.regions[index]
  if (!box) return
  seeing.region = index
  set(around(now(), box))
}

/** Goes on to the region `by` places further down the list, around its end. */
export function stepRegion(by: number) {
  const count = seeing.regions.length
  if (count) showRegion(((seeing.region ?? (by > 0 ? -1 : 0)) + by + count) % count)
}
