import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { asNagareError, NagareError } from '../../lib/errors'
import { picture, type Picture } from '../picture'
import { checkNormals, type DataSet, type Item } from './data-set'
import { holdOut } from './hold-out'
import { readIdx } from './read-idx'

const named = /^(.*?)[-_.]?(images|labels)[-_.]?idx\d[-_.]?ubyte(\.gz)?$/i

interface Part {
  images?: string
  labels?: string
}

/** The IDX files of a folder by the part they belong to (`train`, `t10k` …). */
export async function listIdx(folder: string): Promise<Map<string, Part>> {
  const names = await readdir(folder).catch((thrown: unknown) => {
    throw asNagareError(thrown, folder)
  })
  const parts = new Map<string, Part>()
  for (const name of names.sort()) {
    const found = named.exec(name)
    if (!found) continue
    const key = found[1]!.toLowerCase()
    const kind = found[2]!.toLowerCase() as 'images' | 'labels'
    parts.set(key, { ...parts.get(key), [kind]: join(folder, name) })
  }
  return parts
}

const isTest = (key: string) => /^(t10k|test)/.test(key)
const trainKeyOf = (parts: Map<string, Part>) => [...parts.keys()].find((key) => !isTest(key)) ?? [...parts.keys()][0]!

/** The labels that the IDX files of a folder have, ascending. Throws as `idxSet` does. */
export async function idxLabels(folder: string): Promise<string[]> {
  const parts = await listIdx(folder)
  const { labels } = await readPart(parts.get(trainKeyOf(parts)) as Required<Part>)
  return [...new Set(labels)].sort((a, b) => a - b).map(String)
}

/**
 * IDX files of pictures and labels, one label being normal: `train-images…` and `train-labels…`, with `t10k-…` or `test-…` for testing; without these a part of the
 * normal pictures is held out and all others test. Throws `bad-input` for labels without pictures, counts that differ, an unknown label.
 */
export async function idxSet(
  folder: string,
  { normal, testPart, seed }: { normal?: string | undefined; testPart: number; seed: number },
): Promise<DataSet> {
  const parts = await listIdx(folder)
  const missing = [...parts.values()].find(({ images, labels }) => !images || !labels)
  if (missing) {
    const there = (missing.images ?? missing.labels)!
    throw new NagareError(
      'bad-input',
      `${there}: expected ${missing.images ? 'labels' : 'pictures'} beside it, found none.`,
      { hint: 'Put both IDX files, …-images… and …-labels…, into the folder.', file: there },
    )
  }
  const trainKey = trainKeyOf(parts)
  const testKey = [...parts.keys()].find((key) => key !== trainKey && isTest(key))
  const train = await readPart(parts.get(trainKey) as Required<Part>)
  const labels = [...new Set(train.labels)].sort((a, b) => a - b)
  if (normal === undefined || !labels.map(String).includes(normal))
    throw new NagareError(
      'bad-input',
      `${folder}: expected ${normal === undefined ? 'the label of normal pictures' : `the label ${normal}`}, found the labels ${labels.join(', ')}.`,
      { hint: `Say which is normal, for example normal=${labels[0]}.`, file: folder },
    )
  const own = train.items(normal).filter(({ defect }) => defect === null)
  checkNormals(folder, own.length, `label ${normal}`)
  const sources = new Map([[train.path, train]])
  const base = { layout: 'idx' as const, folder, ...readers(sources) }
  if (testKey !== undefined) {
    const test = await readPart(parts.get(testKey) as Required<Part>)
    sources.set(test.path, test)
    return { ...base, train: own, held: [], test: test.items(normal), notes: [] }
  }
  const { fit, held } = holdOut(own, testPart, seed)
  const others = train.items(normal).filter(({ defect }) => defect !== null)
  const notes = [`${held.length} of ${own.length} normal pictures were set aside for testing.`]
  return { ...base, train: fit, held: [], test: [...held, ...others], notes }
}

interface Source {
  readonly path: string
  readonly labels: Uint8Array
  items(normal: string): Item[]
  read(index: number): Picture
}

const readers = (sources: Map<string, Source>): Pick<DataSet, 'read' | 'readMask'> => ({
  read: async (item) => sources.get(item.path)!.read(item.index!),
  readMask: async () => null,
})

async function readPart({ images, labels }: Required<Part>): Promise<Source> {
  const [pixels, marks] = [await readIdx(images), await readIdx(labels)]
  const [count = 0, height = 0, width = 0, channels = 1] = pixels.shape
  if (pixels.shape.length < 3 || (channels !== 1 && channels !== 3) || width * height === 0)
    throw new NagareError(
      'bad-input',
      `${images}: expected pictures [count, height, width], found [${pixels.shape.join(', ')}].`,
      {
        file: images,
      },
    )
  if (marks.shape.length !== 1 || marks.shape[0] !== count)
    throw new NagareError(
      'bad-input',
      `${labels}: expected ${count} labels, one for each picture of ${images}, found ${marks.shape.join(' × ')}.`,
      { hint: 'Use the labels that belong to these pictures.', file: labels },
    )
  const size = width * height * channels
  const file = images.split(/[\\/]/).at(-1)!
  return {
    path: images,
    labels: marks.data,
    items: (normal) =>
      Array.from(marks.data, (label, index) => ({
        name: `${file}#${index}`,
        path: images,
        index,
        defect: String(label) === normal ? null : String(label),
        mask: null,
      })),
    read: (index) =>
      picture(
        width,
        height,
        channels,
        Float32Array.from(pixels.data.subarray(index * size, (index + 1) * size), (value) => value / 255),
      ),
  }
}
