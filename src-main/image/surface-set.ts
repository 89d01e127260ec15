import { random } from '../lib/random'
import type { Mask } from './contour'
import { crop, type Picture } from './picture'
import { defectKinds, paintDefect, syntheticName, type DefectKind } from './synthetic-defects'

export interface SurfaceOptions {
  /** Side of the square pieces, pixels. */
  size: number
  /** How many pieces to train on, and normal and defective ones to test with. */
  train: number
  normals: number
  defects: number
  seed: number
  kinds?: readonly DefectKind[]
}

export interface SurfaceItem {
  readonly picture: Picture
  /** `synthetic …`, null for a normal piece. */
  readonly defect: string | null
  readonly mask: Mask | null
}

/**
 * A test set from one picture of a texture: pieces at random places, some with painted defects and their masks. Training pieces come from the upper 60 % of the
 * texture, test pieces from the rest, so that none shares a pixel. Throws RangeError where the texture is too small for that.
 */
export function surfaceSet(
  texture: Picture,
  { size, train, normals, defects, seed, kinds = defectKinds }: SurfaceOptions,
): { train: Picture[]; test: SurfaceItem[] } {
  const border = Math.floor(texture.height * 0.6)
  if (texture.width < size || border < size || texture.height - border < size)
    throw new RangeError(`A texture of ${texture.width} × ${texture.height} is too small for pieces of ${size}.`)
  const rng = random(seed)
  const piece = (top: number, bottom: number) =>
    crop(texture, {
      x: rng.integer(texture.width - size + 1),
      y: top + rng.integer(bottom - top - size + 1),
      width: size,
      height: size,
    })
  const pieces = Array.from({ length: train }, () => piece(0, border))
  const good = Array.from({ length: normals }, () => ({
    ...{ picture: piece(border, texture.height), defect: null, mask: null },
  }))
  const bad = Array.from({ length: defects }, (_, i) => {
    const painted = paintDefect(piece(border, texture.height), kinds[i % kinds.length]!, rng)
    return { picture: painted.picture, defect: syntheticName(painted.kind), mask: painted.mask }
  })
  return { train: pieces, test: [...good, ...bad] }
}
