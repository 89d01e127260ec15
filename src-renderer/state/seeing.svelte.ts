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

/**
 * What a picture document shows: the picture, the map of its oddness over it, that map alone, what lies above the threshold, what the model makes of the
 * picture, how far that is from it, and where somebody marked a defect.
 */
export const allLayers = ['original', 'overlay', 'heatmap', 'mask', 'reconstruction', 'difference', 'truth'] as const
export type Layer = (typeof allLayers)[number]

/** Whether one layer is seen, two on both sides of a divider, or two beside each other. */
export const allViews = ['one', 'swipe', 'side'] as const
export type ViewMode = (typeof allViews)[number]

/** What regions are sorted by. */
export const regionOrders = ['peak', 'area'] as const
export type RegionOrder = (typeof regionOrders)[number]

/** What is seen of a picture; without one `layers` is empty. */
export const seeing = $state({
  /** Which layers there are to see. */
  layers: [] as readonly Layer[],
  layer: 'original' as Layer,
  view: 'one' as ViewMode,
  /** The layer that is compared with: to the right of the divider, or beside. */
  other: 'original' as Layer,
  /** Where the divider lies, as a share of the view's width. */
  divider: 0.5,
  /** Whether the picture's pixels are counted along its edges. */
  rulers: false,
  /** Whether the colours span the values of all pictures that the model inspected here, and not 0 to 1. */
  setRange: false,
  /** Whether the line's histogram and figures are shown. */
  figures: false,
  order: 'peak' as RegionOrder,
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
    setRegions(regions)
    if (!layers.includes(seeing.layer)) seeing.layer = 'original'
    if (!layers.includes(seeing.other)) seeing.other = 'original'
  })
}

/** Other regions: none of them is looked at. */
export function setRegions(regions: readonly Box[]) {
  seeing.regions = regions
  seeing.region = null
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

/** Whether two layers are seen; `mode` again goes back to one. */
export const isComparing = () => seeing.view !== 'one' && seeing.layers.length > 1
export const toggleView = (mode: ViewMode) => void (seeing.view = seeing.view === mode ? 'one' : mode)
export const moveDivider = (to: number) => void (seeing.divider = Math.min(1, Math.max(0, to)))

/** Compares with the next layer that is not seen already. */
export function nextOther() {
  const choices = seeing.layers.filter((layer) => layer !== seeing.layer)
  const at = choices.indexOf(seeing.other)
  seeing.other = choices[(at + 1) % choices.length] ?? 'original'
}

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
