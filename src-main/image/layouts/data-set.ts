import type { Mask } from '../contour'
import { NagareError } from '../../lib/errors'
import { readPicture } from '../open-picture'
import type { Picture } from '../picture'
import { pictureInfo } from '../picture-info'

export type Layout = 'mvtec' | 'classes' | 'flat' | 'idx' | 'project'

/** One picture of a data set. */
export interface Item {
  /** Path below the data's folder, with `/`; in IDX files `<file>#<number>`. */
  readonly name: string
  readonly path: string
  /** Which picture of an IDX file; null where the file is the picture. */
  readonly index: number | null
  /** What is wrong with it; null for a normal picture. */
  readonly defect: string | null
  /** The file that marks where; null for normal pictures, and for defective ones that nobody marked: leave these out of pixel measures. */
  readonly mask: string | null
}

/** Pictures for training, all normal, and for testing. */
export interface DataSet {
  readonly layout: Layout
  readonly folder: string
  readonly train: readonly Item[]
  /** Normal pictures that the data themselves hold out of training; empty where it is left to others to set some aside. */
  readonly held: readonly Item[]
  readonly test: readonly Item[]
  /** What was left out or decided, each a sentence for a person. */
  readonly notes: readonly string[]
  read(item: Item): Promise<Picture>
  /** The item's mask, null where it has none. Throws `bad-input` where it is not `width` × `height`. */
  readMask(item: Item, size: { width: number; height: number }): Promise<Mask | null>
}

/** Fewest normal pictures that are trained on. */
export const fewestNormals = 20

export const readItem = (item: Item): Promise<Picture> => readPicture(item.path)

const otherSize = (path: string, found: { width: number; height: number }, size: { width: number; height: number }) =>
  new NagareError(
    'bad-input',
    `${path}: expected a mask of ${size.width} × ${size.height} pixels as its picture has, found ${found.width} × ${found.height}.`,
    { hint: 'Save the mask at the size of its picture.', file: path },
  )

/** A mask picture: on where it is brighter than half of its brightest pixel, so 0 and 1 serve as well as 0 and 255. Throws `bad-input` for another size. */
export async function readMaskOf(item: Item, size: { width: number; height: number }): Promise<Mask | null> {
  if (item.mask === null) return null
  const { width, height, channels, data } = await readPicture(item.mask)
  if (width !== size.width || height !== size.height) throw otherSize(item.mask, { width, height }, size)
  let most = 0
  for (const value of data) most = Math.max(most, value)
  const on = new Uint8Array(width * height)
  for (let i = 0; i < data.length; i++) if (most > 0 && data[i]! > most / 2) on[Math.floor(i / channels)] = 1
  return { width, height, data: on }
}

/** Compares every mask's header with its picture's. Throws `bad-input` naming the first that differs. */
export async function checkMaskSizes(items: readonly Item[]): Promise<void> {
  for (const item of items) {
    if (item.mask === null) continue
    const [mask, picture] = [await pictureInfo(item.mask), await pictureInfo(item.path)]
    if (mask.width !== picture.width || mask.height !== picture.height) throw otherSize(item.mask, mask, picture)
  }
}

/** Throws `bad-input` where there are too few normal pictures to train on. */
export function checkNormals(folder: string, found: number, where: string): void {
  if (found >= fewestNormals) return
  const what = found === 0 ? 'no normal pictures' : `only ${found} normal picture${found === 1 ? '' : 's'}`
  throw new NagareError(
    'bad-input',
    `${folder}: expected at least ${fewestNormals} normal pictures in ${where}, found ${what}.`,
    { hint: `Put ${fewestNormals} or more pictures without defects there; 100 or more are better.`, file: folder },
  )
}
