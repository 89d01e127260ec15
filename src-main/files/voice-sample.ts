import { NagareError } from '../lib/errors'
import { readManifest } from '../packs/pack'
import { voicesIn } from '../packs/voices'
import { typeOf } from './headers'
import { inside } from './path-guard'
import { contentResponse } from './range-response'

/** Most bytes of a sample: a minute and a half of 16-bit stereo at 44.1 kHz. */
const longestSample = 16_000_000

/**
 * Answers GET or HEAD for the recording that stands for voice `number` (from 0) of the pack `id`, a file or folder in one of `folders`. Undefined where there is
 * none, the bytes are not those that the pack's card describes, or a link leads out of the folder.
 */
export async function voiceResponse(
  request: Request,
  folders: readonly string[],
  id: string,
  number: string,
): Promise<Response | undefined> {
  const path = await packPath(folders, id)
  if (path === undefined || !/^\d{1,5}$/.test(number)) return undefined
  try {
    const pack = await readManifest(path)
    const name = (await voicesIn(pack))?.[Number(number)]?.sample
    if (name === undefined) return undefined
    const bytes = await pack.file(name, longestSample)
    return contentResponse(request, {
      size: bytes.length,
      tag: `"${pack.manifest.files[name]!.sha256}"`,
      headers: { 'Content-Type': typeOf(name) },
      body: (first, last) => bytes.slice(first, last + 1) as Uint8Array<ArrayBuffer>,
    })
  } catch (thrown) {
    if (thrown instanceof NagareError) return undefined
    throw thrown
  }
}

async function packPath(folders: readonly string[], id: string): Promise<string | undefined> {
  for (const folder of folders)
    for (const name of [`${id}.nagare`, id]) {
      const path = await inside(folder, name)
      if (path !== undefined) return path
    }
  return undefined
}
