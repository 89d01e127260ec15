import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Asset, Id } from '@contract'
import { checkMaskSizes, checkNormals, readItem, readMaskOf, type DataSet, type Item } from './data-set'
import { holdOut } from './hold-out'

/** Largest record of an asset that is read. */
const mostBytes = 4e6

/** Whether a folder is a Nagare project. */
export const isProject = (folder: string): Promise<boolean> =>
  Promise.all([stat(join(folder, 'project.json')), stat(join(folder, 'assets'))]).then(
    ([file, assets]) => file.isFile() && assets.isDirectory(),
    () => false,
  )

/**
 * The labelled pictures of a project: the good ones to learn from, a part of them held out for testing; the bad ones, by their defects and with the masks
 * drawn in them, for testing. Reads the project's folder and changes nothing in it. Throws `bad-input` where fewer than 20 are good.
 */
export async function projectSet(
  folder: string,
  { testPart, seed }: { testPart: number; seed: number },
): Promise<DataSet> {
  const records = await recordsOf(join(folder, 'assets'))
  const masks = new Map<string, string>()
  for (const { id, marks } of records)
    if (marks?.role === 'truth') masks.set(marks.of, (await fileOf(folder, id)) ?? '')
  const items: Item[] = []
  const notes: string[] = []
  let unsure = 0
  for (const { id, name, label, defect, image } of records) {
    if (!image || !label) continue
    if (label === 'unsure') unsure++
    if (label === 'unsure') continue
    const path = await fileOf(folder, id)
    if (path === undefined) notes.push(`${name} is left out: its file is gone from the project.`)
    else {
      const bad = label === 'bad'
      items.push({
        name,
        path,
        index: null,
        defect: bad ? (defect ?? 'bad') : null,
        mask: (bad && masks.get(id)) || null,
      })
    }
  }
  if (unsure > 0) notes.push(`${unsure} pictures labelled unsure are left out.`)
  const good = items.filter((item) => item.defect === null)
  const bad = items.filter((item) => item.defect !== null)
  const { fit, held } = good.length > 1 ? holdOut(good, testPart, seed) : { fit: good, held: [] }
  checkNormals(folder, fit.length, 'the project, labelled good and not held out')
  await checkMaskSizes(bad)
  return {
    ...{ layout: 'project', folder, train: fit, held: [], test: [...held, ...bad], notes },
    ...{ read: readItem, readMask: readMaskOf },
  }
}

/** The records of the assets, oldest first; what is none is left out. */
async function recordsOf(assets: string): Promise<Asset[]> {
  const records: Asset[] = []
  for (const name of await readdir(assets)) {
    if (!Id.safeParse(name).success) continue
    const file = join(assets, name, 'asset.json')
    const found = await stat(file).catch(() => undefined)
    if (!found?.isFile() || found.size > mostBytes) continue
    const record = Asset.safeParse(parsed(await readFile(file, 'utf8')))
    if (record.success && record.data.id === name) records.push(record.data)
  }
  return records.sort((a, b) => a.createdAt.localeCompare(b.createdAt))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function fileOf(folder: string, id: string): Promise<string | undefined> {
  const names = await readdir(join(folder, 'assets', id))
  const name = names.find((name) => name.startsWith('source.'))
  return name === undefined ? undefined : join(folder, 'assets', id, name)
}
