/** The visible part of a recording: from `start` seconds, `scale` pixels per second, `width` pixels wide. */
export interface Viewport {
  start: number
  scale: number
  width: number
  /** Seconds of the whole recording. */
  duration: number
}

/** Closest zoom, pixels per second: at 48 kHz single samples lie 8 pixels apart. */
export const closest = 384_000

/** Scale at which the whole recording fits. */
export const fitScale = ({ width, duration }: Viewport) => (duration > 0 ? width / duration : 1)

const largestScale = (view: Viewport) => Math.max(fitScale(view), closest)

/** Keeps scale and start within what exists. */
export function clampView(view: Viewport): Viewport {
  const scale = Math.min(largestScale(view), Math.max(fitScale(view), view.scale))
  const seen = view.width / scale
  return { ...view, scale, start: Math.min(Math.max(0, view.duration - seen), Math.max(0, view.start)) }
}

/** Zooms by `factor` with the moment `anchor` (seconds) held in place. */
export function zoomAt(view: Viewport, factor: number, anchor: number): Viewport {
  const zoomed = clampView({ ...view, scale: view.scale * factor })
  const pixel = (anchor - view.start) * view.scale
  return clampView({ ...zoomed, start: anchor - pixel / zoomed.scale })
}

/** The view moved a page on when `time` has left it. */
export function followTime(view: Viewport, time: number): Viewport {
  const seen = view.width / view.scale
  if (time >= view.start && time < view.start + seen * 0.98) return view
  return clampView({ ...view, start: time - seen * 0.05 })
}

export const toPixel = (view: Viewport, time: number) => (time - view.start) * view.scale
export const toTime = (view: Viewport, pixel: number) =>
  Math.min(view.duration, Math.max(0, view.start + pixel / view.scale))

const steps = [
  0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600,
  900, 1800, 3600, 7200,
]

/** Times of the ruler's labelled marks, at least `apart` pixels from each other, and the step between them. */
export function rulerMarks(view: Viewport, apart = 80): { step: number; marks: number[] } {
  const step = steps.find((candidate) => candidate * view.scale >= apart) ?? steps.at(-1)!
  const first = Math.ceil(view.start / step - 1e-9)
  const last = Math.floor(Math.min(view.duration, view.start + view.width / view.scale) / step + 1e-9)
  return { step, marks: Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step) }
}
