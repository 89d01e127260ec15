import type { Box } from '../image/camera'
import type { BitMask } from './bit-mask'

/** Side of a tile. A picture that is copied from while it is drawn on is copied whole each time: small ones cost little. */
const side = 512

/** A mask as pictures of its colour, brought up to date where it changed. */
export interface MaskLayer {
  /** Brings the part that changed up to date. */
  update(box: Box): void
  /** Draws the tiles that touch `box`, places in the mask's pixels by `scale` and moved by `origin`, all in pixels of the canvas. */
  draw(context: CanvasRenderingContext2D, box: Box, origin: { x: number; y: number }, scale: number): void
}

/** A layer of `mask`, of a colour [red, green, blue, alpha]. Only tiles with something on take memory. */
export function maskLayer(mask: BitMask, colour: readonly [number, number, number, number]): MaskLayer {
  const { width, height, data } = mask
  const across = Math.ceil(width / side)
  const tiles = new Map<number, OffscreenCanvasRenderingContext2D>()
  const paint = new Uint32Array(new Uint8ClampedArray(colour).buffer)[0]!

  const eachTile = ({ x, y, width: w, height: h }: Box, use: (tile: number, left: number, top: number) => void) => {
    const last = { x: Math.min(width, x + w) - 1, y: Math.min(height, y + h) - 1 }
    for (let row = Math.floor(Math.max(0, y) / side); row <= Math.floor(last.y / side); row++)
      for (let column = Math.floor(Math.max(0, x) / side); column <= Math.floor(last.x / side); column++)
        use(row * across + column, column * side, row * side)
  }

  return {
    update(box) {
      eachTile(box, (tile, left, top) => {
        const x = Math.max(left, box.x)
        const y = Math.max(top, box.y)
        const w = Math.min(left + side, width, box.x + box.width) - x
        const h = Math.min(top + side, height, box.y + box.height) - y
        if (w <= 0 || h <= 0) return
        const pixels = new ImageData(w, h)
        const to = new Uint32Array(pixels.data.buffer)
        let any = false
        for (let row = 0; row < h; row++) {
          const from = (y + row) * width + x
          for (let i = 0; i < w; i++)
            if (data[from + i]) {
              to[row * w + i] = paint
              any = true
            }
        }
        let own = tiles.get(tile)
        if (!own) {
          if (!any) return
          own = new OffscreenCanvas(Math.min(side, width - left), Math.min(side, height - top)).getContext('2d')!
          tiles.set(tile, own)
        }
        own.putImageData(pixels, x - left, y - top)
      })
    },
    draw(context, box, origin, scale) {
      eachTile(box, (tile, left, top) => {
        const own = tiles.get(tile)
        if (!own) return
        // On whole pixels of the canvas, so that tiles meet without a seam.
        const x = Math.round(origin.x + left * scale)
        const y = Math.round(origin.y + top * scale)
        const right = Math.round(origin.x + (left + own.canvas.width) * scale)
        const bottom = Math.round(origin.y + (top + own.canvas.height) * scale)
        context.drawImage(own.canvas, x, y, right - x, bottom - y)
      })
    },
  }
}
