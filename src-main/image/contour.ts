/** A mask of pixels, [height, width]; 0 is off, everything else on. */
export interface Mask {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/**
 * The pixels along a mask's border: those inside that have one of four neighbours outside, beyond the picture too, so that every outline is closed; with
 * thickness 2 also the pixels outside that touch one of these.
 */
export function contour({ width, height, data }: Mask, thickness: 1 | 2 = 1): Uint8Array {
  const out = new Uint8Array(data.length)
  const on = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] !== 0
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const around = Number(on(x - 1, y)) + Number(on(x + 1, y)) + Number(on(x, y - 1)) + Number(on(x, y + 1))
      if (data[i] !== 0 ? around < 4 : thickness === 2 && around > 0) out[i] = 1
    }
  return out
}

/** Draws the outline of a mask into a colour picture of 8 bits, [height, width, 3], in place; red if no colour is given. */
export function drawContour(
  rgb: Uint8Array,
  mask: Mask,
  { thickness = 1, colour = [255, 0, 0] }: { thickness?: 1 | 2; colour?: readonly [number, number, number] } = {},
): void {
  if (rgb.length !== mask.data.length * 3)
    throw new RangeError(`A mask of ${mask.data.length} pixels does not fit a picture of ${rgb.length / 3}.`)
  const line = contour(mask, thickness)
  for (let i = 0; i < line.length; i++) if (line[i]) rgb.set(colour, 3 * i)
}
