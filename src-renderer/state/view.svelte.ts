import { untrack } from 'svelte'
import { clampView, fitScale, followTime, zoomAt, type Viewport } from '../audio/viewport'
import { listening } from './listening.svelte'

/** The visible part of the document; all lanes share it. */
export const view: Viewport = $state({ start: 0, scale: 1, width: 1, duration: 0 })

function set(next: Viewport) {
  Object.assign(view, next)
}

let shown = ''

/** Keeps what is shown when the width changes; shows all of another `document`. */
export function layOut(width: number, duration: number, document: string) {
  const before = untrack(() => ({ ...view }))
  const fitted = Math.abs(before.scale - fitScale(before)) < 1e-9
  const next = { ...before, width, duration }
  set(clampView(document !== shown || fitted ? { ...next, start: 0, scale: fitScale(next) } : next))
  shown = document
}

export const isFitted = () => view.scale <= fitScale(view) * 1.001
export const zoomFit = () => set(clampView({ ...view, start: 0, scale: 0 }))
export const scrollTo = (start: number) => set(clampView({ ...view, start }))

/** Zooms around the playhead where it is visible, else around the middle. */
export function zoomBy(factor: number, anchor?: number) {
  const seen = view.width / view.scale
  const middle =
    listening.time >= view.start && listening.time <= view.start + seen ? listening.time : view.start + seen / 2
  set(zoomAt(view, factor, anchor ?? middle))
}

export const follow = () => set(followTime(view, listening.time))
