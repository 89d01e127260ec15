import { random, type Random } from '../lib/random'
import type { Mask } from './contour'
import { crop, type Picture } from './picture'
import { defectKinds, paintDefect, syntheticName, type DefectKind } from './synthetic-defects'

export interface SurfaceOptions {
  /** Side of the square pieces, pixels. */
  size: number
  /** How many pieces to train on, to hold out of training, and normal and defective ones to test with. */
  train: number
  validation: number
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

interface Area {
  x: number
  y: number
  width: number
  height: number
}

/** Part of the training area's longer side that is held out. */
const HELD_OUT = 0.25

/**
 * Where the pieces of a texture come from, three areas that share no pixel: tests from the lower 40 %, validation from a strip of the rest, a quarter of its
 * longer side and at least a piece wide, training from what is left. Undefined where that does not hold a piece each; without `validated` there is no strip.
 */
export function surfaceAreas(
  { width, height }: Pick<Picture, 'width' | 'height'>,
  size: number,
  validated: boolean,
): { train: Area; validation: Area | null; test: Area } | undefined {
  const border = Math.floor(height * 0.6)
  const test = { x: 0, y: border, width, height: height - border }
  const strip = validated ? Math.max(size, Math.floor(HELD_OUT * Math.max(width, border))) : 0
  const beside = width >= border
  const train = { x: 0, y: 0, width: beside ? width - strip : width, height: beside ? border : border - strip }
  const validation = beside
    ? { x: train.width, y: 0, width: strip, height: border }
    : { x: 0, y: train.height, width, height: strip }
  const areas = [train, test, ...(validated ? [validation] : [])]
  if (areas.some((area) => area.width < size || area.height < size)) return undefined
  return { train, test, validation: validated ? validation : null }
}

/**
 * A test set from one picture of a texture: pieces at random places, some with painted defects and their masks. Those to train on, to hold out and to test with share no pixel
 * (see `surfaceAreas`). Test pieces are the same whatever is held out. Throws RangeError where the texture is too small.
 */
export function surfaceSet(
  texture: Picture,
  { size, train, validation, normals, defects, seed, kinds = defectKinds }: SurfaceOptions,
): { train: Picture[]; validation: Picture[]; test: SurfaceItem[] } {
  const areas = surfaceAreas(texture, size, validation > 0)
  if (!areas)
    throw new RangeError(`A texture of ${texture.width} × ${texture.height} is too small for pieces of ${size}.`)
  const draws = random(seed)
  const piece = ({ x, y, width, height }: Area, rng: Random = draws) =>
    crop(texture, {
      x: x + rng.integer(width - size + 1),
      y: y + rng.integer(height - size + 1),
      width: size,
      height: size,
    })
  const pieces = Array.from({ length: train }, () => piece(areas.train))
  const good = Array.from({ length: normals }, () => ({ picture: piece(areas.test), defect: null, mask: null }))
  const bad = Array.from({ length: defects }, (_, i) => {
    const painted = paintDefect(piece(areas.test), kinds[i % kinds.length]!, draws)
    return { picture: painted.picture, defect: syntheticName(painted.kind), mask: painted.mask }
  })
  const others = random(seed ^ 0x7a11d)
  const held = Array.from({ length: validation }, () => piece(areas.validation!, others))
  return { train: pieces, validation: held, test: [...good, ...bad] }
}
