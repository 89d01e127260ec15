import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { asNagareError, NagareError } from '../../lib/errors'
import { readFitted } from '../fit-square'
import { openPicture } from '../open-picture'
import type { Picture } from '../picture'
import type { DataSet, Item, Layout } from './data-set'
import { classSet, flatSet, isNormalName, mvtecSet } from './folders'
import { idxLabels, idxSet, listIdx } from './idx-set'
import { listFolders, listPictures } from './list-pictures'
import { isProject, projectSet } from './project-set'

export interface DataSetOptions {
  /** Name of the class that is normal, where the folder has several. */
  normal?: string
  /** Part of the normal pictures held out for testing where the data come without a test part. */
  testPart?: number
  seed?: number
}

/**
 * Opens a folder of training data: a project with labelled pictures, IDX files, MVTec's layout, class folders, or a flat folder of normal pictures, told apart by what is there.
 * Throws `not-found`, `bad-input` (none of these, no or fewer than 20 normal pictures, masks without a picture or of another size, labels without pictures,
 * normal pictures that are all the same), `corrupt`, `unsupported`.
 */
export async function openDataSet(folder: string, options: DataSetOptions = {}): Promise<DataSet> {
  const { normal, testPart = 0.2, seed = 0 } = options
  const layout = await layoutOf(folder)
  const split = { normal, testPart, seed }
  const found = await {
    idx: () => idxSet(folder, split),
    mvtec: () => mvtecSet(folder),
    classes: () => classSet(folder, split),
    flat: () => flatSet(folder),
    project: () => projectSet(folder, split),
  }[layout]()
  await checkVaried(found)
  return found
}

/** Names of the classes that a folder of data has: labels of IDX files, or class folders. Throws `bad-input` where it has none, or one. */
export async function classesOf(folder: string): Promise<string[]> {
  const layout = await layoutOf(folder)
  const inTrain = await listFolders(join(folder, 'train'))
  const classes =
    layout === 'idx'
      ? await idxLabels(folder)
      : inTrain.length > 0
        ? inTrain
        : layout === 'classes'
          ? await listFolders(folder)
          : []
  if (classes.length > 1) return classes
  throw new NagareError(
    'bad-input',
    `${folder}: expected several classes of pictures, found ${classes.length || 'none'}.`,
    {
      hint: 'Choose a folder with a folder for each class, or with IDX files.',
      file: folder,
    },
  )
}

async function layoutOf(folder: string): Promise<Layout> {
  const there = await stat(folder).catch((thrown: unknown) => {
    throw asNagareError(thrown, folder)
  })
  if (!there.isDirectory())
    throw new NagareError('bad-input', `${folder}: expected a folder of pictures, found a file.`, {
      hint: 'Choose the folder it is in.',
      file: folder,
    })
  if (await isProject(folder)) return 'project'
  if ((await listIdx(folder)).size > 0) return 'idx'
  const folders = await listFolders(folder)
  const inTrain = folders.includes('train') ? await listFolders(join(folder, 'train')) : []
  if (inTrain.includes('good')) return 'mvtec'
  if (inTrain.length > 0) return 'classes'
  if ((await listPictures(folder)).names.length > 0) return 'flat'
  const categories = []
  for (const name of folders)
    if ((await listFolders(join(folder, name, 'train'))).some(isNormalName)) categories.push(name)
  if (categories.length > 0)
    throw new NagareError(
      'bad-input',
      `${folder}: expected one data set, found ${categories.length}: ${categories.join(', ')}.`,
      { hint: `Choose one of its folders, for example ${join(folder, categories[0]!)}.`, file: folder },
    )
  if (folders.length > 0) return 'classes'
  throw new NagareError('bad-input', `${folder}: expected pictures, folders of pictures or IDX files, found none.`, {
    hint: 'Choose the folder with the normal pictures.',
    file: folder,
  })
}

/** Throws `bad-input` where the normal pictures are all the same, seen at 64 pixels. */
async function checkVaried({ folder, train, read }: DataSet): Promise<void> {
  const small = async (item: Item): Promise<Picture> => {
    if (item.index !== null) return read(item)
    const reader = await openPicture(item.path)
    try {
      return readFitted(reader, 64)
    } finally {
      reader.close()
    }
  }
  const first = await small(train[0]!)
  for (const item of train.slice(1)) {
    const other = await small(item)
    if (other.data.length !== first.data.length || other.data.some((value, i) => value !== first.data[i])) return
  }
  throw new NagareError(
    'bad-input',
    `${folder}: expected normal pictures that differ, all ${train.length} are the same.`,
    {
      hint: 'Add pictures of other parts, or taken at other times.',
      file: folder,
    },
  )
}
