import { join } from 'node:path'
import { NagareError } from '../../lib/errors'
import { stem } from '../../lib/names'
import { checkMaskSizes, checkNormals, readItem, readMaskOf, type DataSet, type Item } from './data-set'
import { holdOut } from './hold-out'
import { leftOut, listFolders, listPictures } from './list-pictures'

/** Folder names that stand for normal pictures. */
export const isNormalName = (name: string): boolean => /^(\d+\.)?(good|normal|ok)$/i.test(name)

interface Listed {
  items: Item[]
  notes: string[]
}

/** The pictures in `folder` of the data at `root`, all of one kind. */
async function listItems(root: string, inner: string, defect: string | null): Promise<Listed> {
  const { names, others } = await listPictures(join(root, inner))
  const items = names.map((name) => ({
    name: [...inner.split(/[\\/]/), name].filter(Boolean).join('/'),
    path: join(root, inner, name),
    index: null,
    defect,
    mask: null,
  }))
  return { items, notes: leftOut(inner || 'the folder', others) }
}

/** Pairs defective pictures with `ground_truth/<defect>/<stem>_mask.*` (or `<stem>.*`). Throws `bad-input` for masks of pictures that are not there. */
async function withMasks(root: string, items: readonly Item[]): Promise<Listed> {
  const marked = await listFolders(join(root, 'ground_truth'))
  if (marked.length === 0) return { items: [...items], notes: [] }
  const masks = new Map<string, string>()
  for (const defect of marked) {
    const { names } = await listPictures(join(root, 'ground_truth', defect))
    for (const name of names)
      masks.set(`${defect}/${stem(name).replace(/_mask$/, '')}`, join(root, 'ground_truth', defect, name))
  }
  const paired = items.map((item) => {
    const key = `${item.defect}/${stem(item.name)}`
    const mask = item.defect === null ? undefined : masks.get(key)
    if (mask) masks.delete(key)
    return mask ? { ...item, mask } : item
  })
  const [orphan] = masks
  if (orphan)
    throw new NagareError(
      'bad-input',
      `${orphan[1]}: expected the picture test/${orphan[0]}.* that this mask belongs to, found none${masks.size > 1 ? ` (and none for ${masks.size - 1} more)` : ''}.`,
      { hint: 'Put the picture back, or remove the mask.', file: orphan[1] },
    )
  const unmarked = paired.filter(({ defect, mask }) => defect !== null && mask === null).length
  await checkMaskSizes(paired)
  const note = `${unmarked} defective pictures have no mask; measures per pixel leave them out.`
  return { items: paired, notes: unmarked > 0 ? [note] : [] }
}

const dataSet = (rest: Pick<DataSet, 'layout' | 'folder' | 'train' | 'held' | 'test' | 'notes'>): DataSet => ({
  ...rest,
  read: readItem,
  readMask: readMaskOf,
})

/** What lies in `root/inner`: a folder of normal pictures and one for each kind of defect. */
async function byFolders(root: string, inner: string, isNormal: (name: string) => boolean): Promise<Listed> {
  const listed: Listed = { items: [], notes: [] }
  for (const name of await listFolders(join(root, inner))) {
    const found = await listItems(root, join(inner, name), isNormal(name) ? null : name)
    listed.items.push(...found.items)
    listed.notes.push(...found.notes)
  }
  return listed
}

/** Normal pictures that lie apart to be held out, in `validation/<good>` as MVTec LOCO AD's do. */
async function heldItems(root: string, isNormal: (name: string) => boolean): Promise<Listed> {
  const listed: Listed = { items: [], notes: [] }
  for (const name of (await listFolders(join(root, 'validation'))).filter(isNormal)) {
    const { items, notes } = await listItems(root, join('validation', name), null)
    listed.items.push(...items)
    listed.notes.push(...notes)
    if (items.length > 0)
      listed.notes.push(`What is held out are the ${items.length} pictures in validation/${name}; none of train is.`)
  }
  return listed
}

/** MVTec AD's layout: `train/good`, `test/<good or defect>`, `ground_truth/<defect>/<stem>_mask.png`, and MVTec LOCO AD's `validation/good`. */
export async function mvtecSet(folder: string): Promise<DataSet> {
  const train = await listItems(folder, join('train', 'good'), null)
  checkNormals(folder, train.items.length, 'train/good')
  const held = await heldItems(folder, (name) => name === 'good')
  const test = await byFolders(folder, 'test', (name) => name === 'good')
  const masked = await withMasks(folder, test.items)
  const notes = [...train.notes, ...held.notes, ...test.notes, ...masked.notes]
  return dataSet({ layout: 'mvtec', folder, train: train.items, held: held.items, test: masked.items, notes })
}

/**
 * Class folders, one of which is normal: beside each other, in which case a part of the normal pictures is held out for testing, or in `train` and `test` (and `validation`).
 * Throws `bad-input` where `normal` is none of them, or is not given and cannot be told.
 */
export async function classSet(
  folder: string,
  { normal, testPart, seed }: { normal?: string | undefined; testPart: number; seed: number },
): Promise<DataSet> {
  const top = await listFolders(folder)
  const split = top.includes('train') && (await listFolders(join(folder, 'train'))).length > 0
  const classes = split ? await listFolders(join(folder, 'train')) : top.filter((name) => name !== 'ground_truth')
  const likely = classes.filter(isNormalName)
  const chosen = normal ?? (classes.length === 1 ? classes[0] : likely.length === 1 ? likely[0] : undefined)
  if (chosen === undefined || !classes.includes(chosen))
    throw new NagareError(
      'bad-input',
      `${folder}: expected ${chosen === undefined ? 'the name of the folder with normal pictures' : `a folder “${chosen}” of normal pictures`}, found the folders ${classes.join(', ')}.`,
      { hint: `Say which is normal, for example normal=${likely[0] ?? classes[0] ?? 'good'}.`, file: folder },
    )
  const own = await listItems(folder, split ? join('train', chosen) : chosen, null)
  checkNormals(folder, own.items.length, split ? `train/${chosen}` : chosen)
  if (split) {
    const test = await byFolders(folder, 'test', (name) => name === chosen || isNormalName(name))
    const apart = await heldItems(folder, (name) => name === chosen || isNormalName(name))
    const masked = await withMasks(folder, test.items)
    const notes = [...own.notes, ...apart.notes, ...test.notes, ...masked.notes]
    return dataSet({ layout: 'classes', folder, train: own.items, held: apart.items, test: masked.items, notes })
  }
  const rest: Listed = { items: [], notes: [] }
  for (const name of classes.filter((other) => other !== chosen)) {
    const found = await listItems(folder, name, name)
    rest.items.push(...found.items)
    rest.notes.push(...found.notes)
  }
  const masked = await withMasks(folder, rest.items)
  const { fit, held } = holdOut(own.items, testPart, seed)
  const notes = [...own.notes, ...rest.notes, ...masked.notes]
  notes.push(`${held.length} of ${own.items.length} normal pictures were set aside for testing.`)
  return dataSet({ layout: 'classes', folder, train: fit, held: [], test: [...held, ...masked.items], notes })
}

/** A folder of normal pictures. In its folder `test`, where there is one, pictures lie in folders by defect (`good` for normal ones); loose ones are called `defect`. `validation/good` is held out. */
export async function flatSet(folder: string): Promise<DataSet> {
  const own = await listItems(folder, '', null)
  checkNormals(folder, own.items.length, 'the folder')
  const hasTest = (await listFolders(folder)).includes('test')
  const test = await byFolders(folder, 'test', isNormalName)
  const loose = hasTest ? await listItems(folder, 'test', 'defect') : { items: [], notes: [] }
  const masked = await withMasks(folder, [...test.items, ...loose.items])
  const held = await heldItems(folder, isNormalName)
  const notes = [...own.notes, ...held.notes, ...test.notes, ...loose.notes, ...masked.notes]
  if (masked.items.length === 0) notes.push('There are no pictures to test with; defects are painted for validation.')
  return dataSet({ layout: 'flat', folder, train: own.items, held: held.items, test: masked.items, notes })
}
