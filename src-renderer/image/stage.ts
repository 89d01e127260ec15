import { Group } from 'konva/lib/Group'
import { Layer } from 'konva/lib/Layer'
import { Shape } from 'konva/lib/Shape'
import { Image } from 'konva/lib/shapes/Image'
import { Stage } from 'konva/lib/Stage'
import { origin, type Box, type Camera } from './camera'

/** What is drawn of a picture. */
export interface Scene {
  /** Bitmaps from the lowest to the highest, stretched to the picture's size. */
  bitmaps: readonly { bitmap: ImageBitmap; opacity: number }[]
  /** Lines in the pixels of a bitmap of this size. */
  outline: { path: Path2D; width: number; height: number } | undefined
  /** A box that is pointed at. */
  marked: Box | undefined
  /** Colours: of the lines, of what sets them off, and of the box. */
  colours: { line: string; halo: string; mark: string }
}

/** The drawing of a picture, which owns its canvas until it is destroyed. */
export interface PictureStage {
  resize(width: number, height: number): void
  draw(camera: Camera, scene: Scene): void
  destroy(): void
}

/** Starts a drawing inside `container`. */
export function pictureStage(container: HTMLDivElement): PictureStage {
  const stage = new Stage({ container, width: 1, height: 1, listening: false })
  const layer = new Layer({ listening: false })
  const group = new Group()
  layer.add(group)
  stage.add(layer)

  /** Lines over the picture, as wide on the screen at every scale. */
  const lines = (path: Path2D, scale: { x: number; y: number }, colour: string, halo: string, width: number) =>
    new Shape({
      ...{ scaleX: scale.x, scaleY: scale.y },
      sceneFunc: (context) => {
        const canvas = context._context
        const across = group.scaleX() * scale.x
        for (const [style, wide] of [
          [halo, width + 2],
          [colour, width],
        ] as const) {
          canvas.strokeStyle = style
          canvas.lineWidth = wide / across
          canvas.lineCap = 'square'
          canvas.stroke(path)
        }
      },
    })

  return {
    resize(width, height) {
      stage.size({ width, height })
    },
    draw(camera, { bitmaps, outline, marked, colours }) {
      const ratio = devicePixelRatio
      const { x, y } = origin(camera)
      // On whole pixels of the screen, so that a picture at its own size is shown pixel by pixel.
      group.position({ x: Math.round(x * ratio) / ratio, y: Math.round(y * ratio) / ratio })
      group.scale({ x: camera.scale, y: camera.scale })
      layer.imageSmoothingEnabled(camera.scale * ratio < 2)
      group.destroyChildren()
      const { width, height } = camera
      for (const { bitmap, opacity } of bitmaps) group.add(new Image({ image: bitmap, width, height, opacity }))
      if (outline) {
        const scale = { x: width / outline.width, y: height / outline.height }
        group.add(lines(outline.path, scale, colours.line, colours.halo, 1.5))
      }
      if (marked) {
        const path = new Path2D()
        const gap = 3 / camera.scale
        path.rect(marked.x - gap, marked.y - gap, marked.width + 2 * gap, marked.height + 2 * gap)
        group.add(lines(path, { x: 1, y: 1 }, colours.mark, colours.halo, 2))
      }
      layer.batchDraw()
    },
    destroy: () => void stage.destroy(),
  }
}
