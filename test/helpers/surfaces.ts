import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { paintDefect, picture, writePng, type Picture } from '../../src-main/image'
import { random } from '../../src-main/lib/random'

/** Pictures of a soft light blob near the middle on dark grey. */
export function blobPictures(count: number, size: number, seed = 1): Picture[] {
  const draws = random(seed)
  return Array.from({ length: count }, () => {
    const [y, x] = [size / 2 + draws.normal() * size * 0.05, size / 2 + draws.normal() * size * 0.05]
    const radius = size * (0.2 + 0.02 * draws.normal())
    const data = new Float32Array(size * size)
    for (let at = 0; at < data.length; at++) {
      const [row, column] = [Math.floor(at / size), at % size]
      data[at] = 0.1 + 0.7 * Math.exp(-((row - y) ** 2 + (column - x) ** 2) / (2 * radius ** 2)) + 0.01 * draws.normal()
    }
    return picture(
      size,
      size,
      1,
      data.map((value) => Math.min(Math.max(value, 0), 1)),
    )
  })
}

/** Writes a set in MVTec's layout: normal pictures for training and testing, and painted scratches with their masks. */
export async function writeBlobSet(
  folder: string,
  {
    size = 32,
    train = 60,
    normals = 12,
    odd = 12,
  }: { size?: number; train?: number; normals?: number; odd?: number } = {},
): Promise<void> {
  const inner = ['train/good', 'test/good', 'test/scratch', 'ground_truth/scratch']
  for (const name of inner) await mkdir(join(folder, name), { recursive: true })
  const file = (where: string, i: number, ending = '') =>
    join(folder, where, `${String(i).padStart(3, '0')}${ending}.png`)
  for (const [i, each] of blobPictures(train, size, 1).entries()) await writePng(file('train/good', i), each)
  for (const [i, each] of blobPictures(normals, size, 2).entries()) await writePng(file('test/good', i), each)
  const draws = random(3)
  for (const [i, each] of blobPictures(odd, size, 4).entries()) {
    const painted = paintDefect(each, 'scratch', draws)
    await writePng(file('test/scratch', i), painted.picture)
    const mask = painted.mask.data
    await writePng(file('ground_truth/scratch', i, '_mask'), picture(size, size, 1, Float32Array.from(mask)))
  }
}
