import { Layer } from 'konva/lib/Layer'
import { Shape } from 'konva/lib/Shape'
import { Stage } from 'konva/lib/Stage'
import { origin, type Box, type Camera, type Point } from '../image/camera'
import type { MaskLayer } from './mask-layer'

/** Lines over the mask: where the pointer would draw, and what is being drawn. */
export interface Guides {
  /** A circle, in the picture's pixels. */
  brush: { at: Point; radius: number } | null
  /** An open line, in the picture's pixels. */
  line: readonly Point[]
  /** A cross in the middle of the view. */
  aim: boolean
}

/** The drawing of a picture with a mask over it: a layer each, so that a stroke draws only the part of the mask that it changed. */
export interface MaskStage {
  resize(width: number, height: number): void
  /** Draws everything anew. */
  show(camera: Camera, bitmap: ImageBitmap | undefined, mask: MaskLayer | undefined): void
  /** Draws the part of the mask that changed, in the mask's pixels. */
  refresh(box: Box): void
  guide(guides: Guides): void
  destroy(): void
}

/** Starts a drawing inside `container`. */
export function maskStage(container: HTMLDivElement): MaskStage {
  const stage = new Stage({ container, width: 1, height: 1, listening: false })
  const still = { listening: false }
  const below = new Layer(still)
  const marks = new Layer({ ...still, clearBeforeDraw: false })
  const above = new Layer(still)
  stage.add(below, marks, above)

  let camera: Camera | undefined
  let picture: ImageBitmap | undefined
  let mask: MaskLayer | undefined
  let guides: Guides = { brush: null, line: [], aim: false }
  /** Parts to be drawn, in the mask's pixels; null for all. */
  let dirty: Box | null | undefined

  /** Where the picture's corner lies, and pixels of the canvas for one of its, all in pixels of the screen. */
  const placed = (shown: Camera) => {
    const ratio = devicePixelRatio
    const { x, y } = origin(shown)
    return { x: Math.round(x * ratio), y: Math.round(y * ratio), scale: shown.scale * ratio }
  }
  const native = (layer: Layer, draw: (context: CanvasRenderingContext2D) => void) =>
    layer.add(
      new Shape({
        ...still,
        sceneFunc: (context) => {
          const canvas = context._context
          canvas.save()
          canvas.setTransform(1, 0, 0, 1, 0, 0)
          draw(canvas)
          canvas.restore()
        },
      }),
    )

  native(below, (context) => {
    if (!camera || !picture) return
    const { x, y, scale } = placed(camera)
    context.imageSmoothingEnabled = scale < 2
    context.drawImage(picture, x, y, Math.round(camera.width * scale), Math.round(camera.height * scale))
  })
  native(marks, (context) => {
    const { canvas } = context
    const box = dirty
    dirty = undefined
    if (box === undefined) return
    const at = camera && placed(camera)
    const part = box === null || !at ? null : screenBox(box, at)
    if (part) {
      context.beginPath()
      context.rect(part.x, part.y, part.width, part.height)
      context.clip()
      context.clearRect(part.x, part.y, part.width, part.height)
    } else context.clearRect(0, 0, canvas.width, canvas.height)
    if (!camera || !at || !mask) return
    context.imageSmoothingEnabled = at.scale < 1
    const seen = part ?? { x: 0, y: 0, width: canvas.width, height: canvas.height }
    mask.draw(context, pictureBox(seen, at, camera), at, at.scale)
  })
  native(above, (context) => {
    if (!camera) return
    const { x, y, scale } = placed(camera)
    const ratio = devicePixelRatio
    const path = new Path2D()
    const { brush, line, aim } = guides
    if (brush)
      path.arc(x + brush.at.x * scale, y + brush.at.y * scale, Math.max(1, brush.radius * scale), 0, 2 * Math.PI)
    for (const [i, point] of line.entries()) path[i ? 'lineTo' : 'moveTo'](x + point.x * scale, y + point.y * scale)
    if (aim) {
      const [cx, cy] = [context.canvas.width / 2, context.canvas.height / 2]
      path.moveTo(cx - 12 * ratio, cy)
      path.lineTo(cx + 12 * ratio, cy)
      path.moveTo(cx, cy - 12 * ratio)
      path.lineTo(cx, cy + 12 * ratio)
    }
    for (const [style, width] of [
      ['rgb(0 0 0 / 70%)', 3],
      ['#fff', 1.2],
    ] as const) {
      context.strokeStyle = style
      context.lineWidth = width * ratio
      context.stroke(path)
    }
  })

  return {
    resize(width, height) {
      stage.size({ width, height })
      dirty = null
    },
    show(next, bitmap, layer) {
      camera = next
      picture = bitmap
      mask = layer
      dirty = null
      below.batchDraw()
      marks.batchDraw()
      above.batchDraw()
    },
    refresh(box) {
      if (dirty !== null) dirty = dirty ? joined(dirty, box) : box
      marks.batchDraw()
    },
    guide(next) {
      guides = next
      above.batchDraw()
    },
    destroy: () => void stage.destroy(),
  }
}

const joined = (a: Box, b: Box): Box => {
  const x = Math.min(a.x, b.x)
  const y = Math.min(a.y, b.y)
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  }
}

interface Placed extends Point {
  scale: number
}

/** A part of the picture as whole pixels of the canvas, with one more around it, which smoothing reaches. */
function screenBox({ x, y, width, height }: Box, at: Placed): Box {
  const spare = Math.ceil(at.scale) + 1
  const left = Math.floor(at.x + x * at.scale) - spare
  const top = Math.floor(at.y + y * at.scale) - spare
  return {
    x: left,
    y: top,
    width: Math.ceil(at.x + (x + width) * at.scale) + spare - left,
    height: Math.ceil(at.y + (y + height) * at.scale) + spare - top,
  }
}

/** The part of the picture that a part of the canvas shows. */
function pictureBox({ x, y, width, height }: Box, at: Placed, size: { width: number; height: number }): Box {
  const left = Math.max(0, Math.floor((x - at.x) / at.scale) - 1)
  const top = Math.max(0, Math.floor((y - at.y) / at.scale) - 1)
  const right = Math.min(size.width, Math.ceil((x + width - at.x) / at.scale) + 1)
  const bottom = Math.min(size.height, Math.ceil((y + height - at.y) / at.scale) + 1)
  return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) }
}
