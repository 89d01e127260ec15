import { Layer } from 'konva/lib/Layer'
import { Shape } from 'konva/lib/Shape'
import { Stage } from 'konva/lib/Stage'
import type { Sheet } from './paint-scene'

/** A drawing that is made anew before the next frame is shown, whenever that is asked for. It owns its canvas until it is destroyed. */
export interface PictureStage {
  resize(width: number, height: number): void
  redraw(): void
  destroy(): void
}

/** Starts a drawing inside `container`; `paint` draws it. */
export function pictureStage(container: HTMLDivElement, paint: (sheet: Sheet) => void): PictureStage {
  const stage = new Stage({ container, width: 1, height: 1, listening: false })
  const layer = new Layer({ listening: false })
  const shape = new Shape({
    listening: false,
    perfectDrawEnabled: false,
    sceneFunc(context) {
      const { width, height } = stage.size()
      paint({ context: context._context, width, height, ratio: layer.getCanvas().getPixelRatio() })
    },
  })
  layer.add(shape)
  stage.add(layer)
  return {
    resize: (width, height) => void stage.size({ width, height }),
    redraw: () => void layer.batchDraw(),
    destroy: () => void stage.destroy(),
  }
}
