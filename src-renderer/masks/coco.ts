import { text } from '../text/text.svelte'
import { fillPolygon } from './shapes'

/** Most characters of a COCO file, annotations that are read, and numbers of a picture's segmentations. */
const mostText = 64e6
const mostAnnotations = 200_000
const mostNumbers = 20_000_000

export interface CocoPicture {
  name: string
  width: number
  height: number
}

type Json = Record<string, unknown>
const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const bad = (what: string) => new Error(text.masks.coco.bad(what))

/**
 * What a COCO file marks in a picture, [height, width] of 0 and 1: polygons, and run lengths plain or compressed. The picture is found by its name, or is the
 * only one there is. Throws a sentence where the file is no COCO, does not have the picture, has it in another size, or marks beyond its bounds.
 */
export function readCoco(json: string, { name, width, height }: CocoPicture): Uint8Array {
  if (json.length > mostText) throw new Error(text.masks.coco.tooLarge)
  let coco: unknown
  try {
    coco = JSON.parse(json)
  } catch {
    throw new Error(text.masks.coco.noJson)
  }
  if (!isRecord(coco)) throw bad('it is no object')
  const images = listOf(coco['images']).filter(isRecord)
  const base = (path: unknown) => String(path).split(/[\\/]/).at(-1)
  const image =
    images.find(({ file_name: file }) => base(file) === name) ?? (images.length === 1 ? images[0] : undefined)
  if (!image) throw new Error(text.masks.coco.noImage(name))
  if (image['width'] !== width || image['height'] !== height)
    throw new Error(text.masks.otherSize(width, height, `${String(image['width'])} × ${String(image['height'])}`))
  const annotations = listOf(coco['annotations'])
  if (annotations.length > mostAnnotations) throw bad(`${annotations.length} annotations are too many`)
  const mask = new Uint8Array(width * height)
  const rows = { from: 0, to: height }
  let numbers = 0
  const count = (more: number) => {
    numbers += more
    if (numbers > mostNumbers) throw bad('there are too many numbers in them')
  }
  for (const annotation of annotations) {
    if (!isRecord(annotation) || annotation['image_id'] !== image['id']) continue
    const { segmentation } = annotation
    if (Array.isArray(segmentation)) {
      for (const ring of segmentation) {
        if (
          !Array.isArray(ring) ||
          ring.length % 2 ||
          !ring.every((at) => typeof at === 'number' && Math.abs(at) < 1e7)
        )
          throw bad('a polygon is no list of places')
        count(ring.length)
        const points = Array.from({ length: ring.length / 2 }, (_, i) => ({
          x: ring[2 * i] as number,
          y: ring[2 * i + 1] as number,
        }))
        fillPolygon(points, rows, (y, from, to) =>
          mask.fill(1, y * width + Math.max(0, from), y * width + Math.max(0, Math.min(width, to))),
        )
      }
    } else if (isRecord(segmentation)) {
      const { size, counts } = segmentation
      if (!Array.isArray(size) || size[0] !== height || size[1] !== width)
        throw new Error(text.masks.otherSize(width, height, `${String(listOf(size)[1])} × ${String(listOf(size)[0])}`))
      const runs = typeof counts === 'string' ? unpacked(counts) : listOf(counts)
      count(runs.length)
      drawRuns(runs, width, height, mask)
    } else throw bad('one is neither polygons nor run lengths')
  }
  return mask
}

/** Draws run lengths, off and on by turns, down the columns. */
function drawRuns(runs: readonly unknown[], width: number, height: number, mask: Uint8Array): void {
  let at = 0
  for (const [i, run] of runs.entries()) {
    if (typeof run !== 'number' || !Number.isInteger(run) || run < 0 || at + run > width * height)
      throw bad('its run lengths do not fit the picture')
    if (i % 2) for (let k = at; k < at + run; k++) mask[(k % height) * width + Math.floor(k / height)] = 1
    at += run
  }
  if (at !== width * height) throw bad('its run lengths do not fit the picture')
}

/** The run lengths of a compressed string (LEB128 of six bits a character, from 48, each from the third on told as the difference to the one before the last). */
function unpacked(text: string): number[] {
  const runs: number[] = []
  for (let at = 0; at < text.length;) {
    let value = 0
    let shift = 0
    for (let more = true; more; shift += 5) {
      const code = text.charCodeAt(at++) - 48
      if (!(code >= 0 && code < 64) || shift > 30) throw bad('its compressed run lengths are damaged')
      value |= (code & 31) << shift
      more = (code & 32) !== 0
      if (!more && code & 16 && shift + 5 < 32) value |= -1 << (shift + 5)
    }
    if (runs.length > 2) value += runs[runs.length - 2]!
    runs.push(value)
  }
  return runs
}

/** A mask as a COCO file with plain run lengths, one annotation of the whole. */
export function writeCoco(mask: Uint8Array, { name, width, height }: CocoPicture, category: string): string {
  const counts: number[] = []
  let [value, run, area] = [0, 0, 0]
  let [left, top, right, bottom] = [width, height, 0, 0]
  for (let x = 0; x < width; x++)
    for (let y = 0; y < height; y++) {
      const on = mask[y * width + x]!
      if (on !== value) {
        counts.push(run)
        run = 0
        value = on
      }
      run++
      if (!on) continue
      area++
      left = Math.min(left, x)
      right = Math.max(right, x + 1)
      top = Math.min(top, y)
      bottom = Math.max(bottom, y + 1)
    }
  counts.push(run)
  const annotation = {
    ...{ id: 1, image_id: 1, category_id: 1, iscrowd: 1, area },
    bbox: [left, top, right - left, bottom - top],
    segmentation: { size: [height, width], counts },
  }
  return JSON.stringify({
    info: { description: 'Nagare' },
    images: [{ id: 1, file_name: name, width, height }],
    categories: [{ id: 1, name: category }],
    annotations: area > 0 ? [annotation] : [],
  })
}
