import type { Asset, CallInput } from '@contract'
import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createPng } from '../../image'
import { asNagareError, NagareError } from '../../lib/errors'
import { newId } from '../../lib/id'
import { stem } from '../../lib/names'
import { adopt, markOf, type Project } from '../../project'

/** Masks of the same picture and role are saved one after the other. */
const turns = new Map<string, Promise<unknown>>()

/**
 * Takes a mask that was sent as bits, eight pixels a byte, the first the highest, row after row without gaps, into the project as an 8-bit grey PNG in place
 * of the one that the picture had; a mask with nothing on goes, and answers null. Throws `not-found`, `bad-input` for bits of another size.
 */
export function saveMask(project: Project, given: CallInput<'mask.save'>): Promise<Asset | null> {
  const key = `${given.picture} ${given.role}`
  const mine = (turns.get(key) ?? Promise.resolve()).catch(() => undefined).then(() => save(project, given))
  turns.set(key, mine)
  const done = () => turns.get(key) === mine && turns.delete(key)
  mine.then(done, done)
  return mine
}

async function save(
  project: Project,
  { picture, role, bits, everywhere }: CallInput<'mask.save'>,
): Promise<Asset | null> {
  const { paths, assets } = project
  const sent = join(paths.incoming, bits)
  try {
    const { image, name } = assets.get(picture)
    if (!image) throw new NagareError('bad-input', `${name}: expected a picture to mark, this is none.`, { file: name })
    const file = join(paths.work, `mask-${newId('m')}.png`)
    const any = await drawBits(sent, file, image, name)
    const all = () => assets.list().filter(({ marks }) => marks?.of === picture && marks.role === role)
    const before = all()
    let mask: Asset | null = null
    if (any)
      mask = await adopt(
        project,
        { file, name: `${stem(name)} (${role}).png`, move: true },
        { marks: { of: picture, role, everywhere: role === 'ignore' && everywhere }, thorough: true },
      )
    for (const { id } of before) if (assets.has(id)) await assets.remove(id)
    return mask && assets.has(mask.id) && markOf(assets, picture, role) ? assets.get(mask.id) : null
  } finally {
    await rm(sent, { force: true })
  }
}

/** Draws bits as a PNG, and says whether any is on; without any there is no file. */
async function drawBits(
  sent: string,
  file: string,
  { width, height }: { width: number; height: number },
  name: string,
): Promise<boolean> {
  const bytes = Math.ceil((width * height) / 8)
  const found = await stat(sent).catch((thrown: unknown) => {
    throw asNagareError(thrown, name)
  })
  if (!found.isFile() || found.size !== bytes)
    throw new NagareError(
      'bad-input',
      `${name}: expected a mask of ${width} × ${height} pixels (${bytes} bytes), got ${found.size} bytes.`,
      { hint: 'Open the picture again, and draw anew.', file: name },
    )
  const handle = await open(sent)
  const writer = await createPng(file, { width, height, channels: 1, depth: 8 })
  let any = false
  try {
    const rows = Math.max(1, Math.floor(2 ** 20 / width))
    for (let y = 0; y < height; y += rows) {
      const count = Math.min(rows, height - y)
      const from = y * width
      const first = from >> 3
      const last = Math.ceil((from + count * width) / 8)
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(last - first), 0, last - first, first)
      if (bytesRead < last - first) throw new NagareError('corrupt', `${name}: its mask ends early.`, { file: name })
      const out = new Uint8Array(count * width)
      for (let i = 0, bit = from - 8 * first; i < out.length; i++, bit++)
        if ((buffer[bit >> 3]! >> (7 - (bit & 7))) & 1) {
          out[i] = 255
          any = true
        }
      await writer.write(out)
    }
    if (any) await writer.finish()
    return any
  } finally {
    await writer.abort()
    await handle.close()
  }
}
