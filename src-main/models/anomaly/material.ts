import {
  holdOut,
  openDataSet,
  openPicture,
  pictureInfo,
  paintDefect,
  defectKinds,
  readable,
  readFitted,
  syntheticName,
  type DataSet,
  type Item,
  type Picture,
  type Readable,
} from '../../image'
import { NagareError } from '../../lib/errors'
import { random } from '../../lib/random'
import { imagesInMemory, type ImageSource } from './image-source'
import type { PictureRecipe } from './picture-recipe'
import { imagesOf, square, type View } from './view'

/** A picture of a data set, and the set that it is read through. */
export interface Sample {
  set: DataSet
  item: Item
}

/** The pictures of a run: normal ones to learn from and to hold out, and what is kept for testing. */
export interface Material {
  view: View
  training: Sample[]
  held: Sample[]
  test: Sample[]
  /** What was left out or decided, for people. */
  notes: string[]
  /** Names the pictures, so that a run is not continued on others. */
  fingerprint: string
}

export interface Hooks {
  progress(progress: { phase: string; done: number; total: number; note?: string }): void
  /** Throws `cancelled` once the person asked to stop. */
  checkCancelled(): void
}

/** Most bytes that the images to learn from may take. */
const MOST_BYTES = 1.5e9
/** Side of the parts of a picture that defects are painted on, where it is seen by tiles. */
const PAINTED_SIDE = 512

/** Finds a run's pictures. The same seed parts them alike. Throws what `openDataSet` throws, `bad-input` where they would not fit into memory. */
export async function findMaterial(folders: readonly string[], recipe: PictureRecipe, seed: number): Promise<Material> {
  const { normal, mode, size, channels, overlap, blur, contrast, heldOut, testPart } = recipe
  const material: Omit<Material, 'view'> = { training: [], held: [], test: [], notes: [], fingerprint: '' }
  const names: string[] = []
  for (const folder of folders) {
    const set = await openDataSet(folder, { ...(normal ? { normal } : {}), testPart, seed })
    const { fit, held } = set.held.length > 0 ? { fit: set.train, held: set.held } : holdOut(set.train, heldOut, seed)
    const samples = (items: readonly Item[]) => items.map((item) => ({ set, item }))
    material.training.push(...samples(fit))
    material.held.push(...samples(held))
    material.test.push(...samples(set.test))
    material.notes.push(...set.notes)
    names.push(...[...set.train, ...set.held].map(({ name }) => name))
  }
  const isColour = channels === 'colour' || (channels === 'auto' && (await anyColour(material.training)))
  const view: View = {
    ...{ mode, size, blur, contrast },
    channels: isColour ? 3 : 1,
    overlap: overlap ?? Math.floor(size / 4),
  }
  if (view.overlap > size / 2)
    throw new NagareError('bad-input', `--set overlap: at most half of the size, ${size / 2}, found ${view.overlap}.`)
  return { ...material, view, fingerprint: names.join('|') }
}

/** Whether any of (at most 100) pictures has colour, by their headers. */
async function anyColour(samples: readonly Sample[]): Promise<boolean> {
  for (const { set, item } of samples.slice(0, 100)) {
    const { channels } = item.index === null ? await pictureInfo(item.path) : await set.read(item)
    if (channels === 3) return true
  }
  return false
}

/** A picture that is let go when it was used. */
export type Opened = Readable & { close(): void }

/** A picture in memory as one that was opened. */
export const inMemory = (picture: Picture): Opened => ({ ...readable(picture), close: () => {} })

/** Opens a picture of a data set. Throws as `openPicture` does. */
export const openSample = async ({ set, item }: Sample): Promise<Opened> =>
  item.index === null ? openPicture(item.path) : inMemory(await set.read(item))

/** Opens several pictures, gives them to `use`, and closes them. */
export async function withOpened<T>(
  openers: readonly (() => Promise<Opened>)[],
  use: (pictures: readonly Readable[]) => Promise<T>,
): Promise<T> {
  const opened: Opened[] = []
  try {
    for (const open of openers) opened.push(await open())
    return await use(opened)
  } finally {
    for (const picture of opened) picture.close()
  }
}

/**
 * Images of pictures as a detector sees them, in memory, at most `most`: pictures whole, some of them where there are more, or as many tiles of each.
 * Throws `bad-input` where they take more than 1.5 GB.
 */
export async function imagesFrom(
  samples: readonly Sample[],
  view: View,
  { most, mirrored, seed, phase }: { most: number; mirrored: boolean; seed: number; phase: string },
  { progress, checkCancelled }: Hooks,
): Promise<ImageSource> {
  const draws = random(seed)
  const order =
    samples.length > most ? [...draws.shuffle(samples.length).subarray(0, most)].sort((a, b) => a - b) : null
  const chosen = order ? order.map((i) => samples[i]!) : samples
  const each = view.mode === 'whole' ? 1 : Math.max(1, Math.floor(most / chosen.length))
  const bytes = 4 * chosen.length * each * view.channels * view.size ** 2
  if (bytes > MOST_BYTES)
    throw new NagareError(
      'bad-input',
      `${chosen.length * each} images of ${view.size} × ${view.size} take ${(bytes / 1e9).toFixed(1)} GB, at most ${MOST_BYTES / 1e9} GB can be learnt from.`,
      { hint: `Lower --set pieces=${most}, or --set size=${view.size}.` },
    )
  const pictures: Picture[] = []
  for (const [i, sample] of chosen.entries()) {
    checkCancelled()
    progress({ phase, done: i, total: chosen.length })
    const picture = await openSample(sample)
    try {
      if (view.mode === 'whole') pictures.push(readFitted(picture, view.size))
      else for (let n = 0; n < each; n++) pictures.push(drawnSquare(picture, view.size, draws))
    } finally {
      picture.close()
    }
  }
  return imagesInMemory(imagesOf(pictures, view), { mirrored })
}

/** A square of `size` at a random place of a picture. */
function drawnSquare({ info, read }: Readable, size: number, draws: ReturnType<typeof random>): Picture {
  const at = (length: number) => (length > size ? draws.integer(length - size + 1) : -Math.floor((size - length) / 2))
  return read({ x: at(info.width), y: at(info.height), width: size, height: size })
}

/** A normal picture with a painted defect: what it is called, and where it is. */
export interface PaintedSample {
  picture: Picture
  clean: Picture
  mask: Uint8Array
  defect: string
}

/** Paints a defect on each of (at most `most`) pictures, as the detector sees them or on a part of them. The same seed paints the same. */
export async function paintSamples(
  samples: readonly Sample[],
  view: View,
  { most, seed }: { most: number; seed: number },
  { progress, checkCancelled }: Hooks,
): Promise<PaintedSample[]> {
  const draws = random(seed)
  const painted: PaintedSample[] = []
  const chosen = samples.slice(0, most)
  for (const [i, sample] of chosen.entries()) {
    checkCancelled()
    progress({ phase: 'Painting defects', done: i, total: chosen.length })
    const opened = await openSample(sample)
    try {
      const clean =
        view.mode === 'whole' ? readFitted(opened, view.size) : partOf(opened, Math.max(view.size, PAINTED_SIDE))
      const { picture, mask, kind } = paintDefect(clean, defectKinds[i % defectKinds.length]!, draws)
      painted.push({ picture, clean, mask: mask.data, defect: syntheticName(kind) })
    } finally {
      opened.close()
    }
  }
  return painted
}

/** The middle of a picture, at most `side` pixels wide and high, and at least 8. */
function partOf({ info, read }: Readable, side: number): Picture {
  const width = Math.max(8, Math.min(side, info.width))
  const height = Math.max(8, Math.min(side, info.height))
  return read({ x: Math.floor((info.width - width) / 2), y: Math.floor((info.height - height) / 2), width, height })
}

/** Images of painted pictures as a detector sees them: of tiles one with the defect in its middle. */
export function paintedImages(painted: readonly PaintedSample[], view: View): ImageSource {
  const pictures = painted.map(({ picture, mask }) => {
    if (view.mode === 'whole') return picture
    const first = mask.indexOf(1)
    const [x, y] = [first % picture.width, Math.floor(first / picture.width)]
    const start = (at: number, length: number) =>
      Math.min(Math.max(0, at - view.size / 2), Math.max(0, length - view.size))
    return square(picture, Math.floor(start(x, picture.width)), Math.floor(start(y, picture.height)), view.size)
  })
  return imagesInMemory(imagesOf(pictures, view))
}
