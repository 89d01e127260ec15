import type { Sheet } from './paint-scene'
import type { Pane, Scene } from './scene'

/** Width of a ruler, CSS pixels. */
export const rulerWidth = 20

/** Steps of 1, 2 or 5 times a power of ten, at least one pixel, that lie `apart` CSS pixels apart or more. */
export function rulerStep(scale: number, apart = 64): number {
  const least = Math.max(1, apart / scale)
  const power = 10 ** Math.floor(Math.log10(least))
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= least * (1 - 1e-9))!
}

/** The picture's pixels that are marked between two CSS positions, where `start` is its edge, and `length` its pixels. */
export function rulerMarks(start: number, scale: number, from: number, to: number, length: number): number[] {
  const step = rulerStep(scale)
  const first = Math.max(0, Math.ceil((from - start) / scale / step))
  const last = Math.min(Math.floor(length / step), Math.floor((to - start) / scale / step))
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step)
}

/** Draws rulers in the picture's pixels along the top and the left of a pane. */
export function paintRulers(
  { context, height, ratio }: Sheet,
  pane: Pane,
  { scale, left, top }: { scale: number; left: number; top: number },
  { colours, size }: Pick<Scene, 'colours' | 'size'>,
) {
  context.save()
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.beginPath()
  context.rect(pane.x, 0, pane.width, height)
  context.clip()
  context.fillStyle = colours.ruler
  context.fillRect(pane.x, 0, pane.width, rulerWidth)
  context.fillRect(pane.x, 0, rulerWidth, height)
  context.fillStyle = context.strokeStyle = colours.text
  context.font = '10px system-ui, sans-serif'
  context.textBaseline = 'top'
  context.lineWidth = 1
  context.beginPath()
  for (const mark of rulerMarks(left, scale, pane.x + rulerWidth, pane.x + pane.width, size.width)) {
    const x = Math.round(left + mark * scale) + 0.5
    context.moveTo(x, rulerWidth - 6)
    context.lineTo(x, rulerWidth)
    context.fillText(String(mark), x + 3, 3)
  }
  for (const mark of rulerMarks(top, scale, rulerWidth, height, size.height)) {
    const y = Math.round(top + mark * scale) + 0.5
    context.moveTo(pane.x + rulerWidth - 6, y)
    context.lineTo(pane.x + rulerWidth, y)
    context.save()
    context.translate(pane.x + 3, y - 3)
    context.rotate(-Math.PI / 2)
    context.fillText(String(mark), 0, 0)
    context.restore()
  }
  context.stroke()
  context.fillStyle = colours.ruler
  context.fillRect(pane.x, 0, rulerWidth, rulerWidth)
  context.restore()
}
