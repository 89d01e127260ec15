import { EditList } from '@contract'
import { open, readdir, realpath } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { asNagareError, NagareError } from '../../lib/errors'
import type { AudioReader } from '../audio'
import { openWav } from '../wav-reader'
import { isUntouched } from './edit-list'
import { ratedSource, type RatedSource } from './rated-source'
import { rendering, type Rendering } from './render'

/** What a file with an edit list begins with; JSON follows. */
const editListMark = 'NGEDITS1\n'
/** Most bytes of such a file. */
const largest = 64 * 1024 * 1024

/** Whether a file that begins with `head` holds a list of edits. */
export const isEditListHead = (head: Uint8Array): boolean =>
  Buffer.from(head.subarray(0, editListMark.length)).toString('latin1') === editListMark

/** Whether the file at `path` holds a list of edits. Throws the system's error. */
export async function isEditList(path: string): Promise<boolean> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(16), 0, 16, 0)
    return isEditListHead(buffer.subarray(0, bytesRead))
  } finally {
    await handle.close()
  }
}

/** The bytes of a file that holds `list`. */
export const encodeEditList = (list: EditList): Uint8Array => Buffer.from(editListMark + JSON.stringify(list))

/** Reads a file that `encodeEditList` wrote. Throws `corrupt` for anything else. */
export async function readEditList(path: string): Promise<EditList> {
  const handle = await open(path, 'r').catch((thrown: unknown) => {
    throw asNagareError(thrown, path)
  })
  try {
    const { size } = await handle.stat()
    if (size > largest) throw new Error('too long')
    const text = await handle.readFile('utf8')
    if (!text.startsWith(editListMark)) throw new Error('no list')
    return EditList.parse(JSON.parse(text.slice(editListMark.length)))
  } catch {
    throw new NagareError('corrupt', `${path}: expected a list of edits, found something else.`, {
      file: path,
      hint: 'Undo the last step, or put the file back from a copy.',
    })
  } finally {
    await handle.close()
  }
}

/** The WAV file that plays an asset, in the folder `assets` of a project; undefined where there is none, or a link leads out of the folder. */
export async function assetSound(assets: string, id: string): Promise<string | undefined> {
  try {
    const folder = join(assets, id)
    const names = await readdir(folder)
    const name = names.find((each) => each === 'pcm.wav') ?? names.find((each) => each.startsWith('source.'))
    if (name === undefined) return undefined
    const [base, path] = await Promise.all([realpath(assets), realpath(join(folder, name))])
    return path.startsWith(base + sep) ? path : undefined
  } catch {
    return undefined
  }
}

/** A list of edits whose sounds are open. */
export interface OpenEdits {
  readonly rendering: Rendering
  /** The reader of an asset's own sound, at its own rate. */
  source(asset: string): Promise<AudioReader>
  close(): Promise<void>
}

/** Opens the sounds of `list`, each when it is first needed, in the folder `assets`. Reading throws `not-found` where one is gone. */
export function openEdits(list: EditList, assets: string): OpenEdits {
  const readers = new Map<string, Promise<AudioReader>>()
  const rated = new Map<string, Promise<RatedSource>>()
  const source = (asset: string) => {
    const known = readers.get(asset)
    if (known) return known
    const opening = assetSound(assets, asset).then((path) => {
      if (path !== undefined) return openWav(path, { allowTruncated: true })
      throw new NagareError('not-found', `A recording that this one is made of, ${asset}, is gone from the project.`, {
        hint: 'Undo the steps that put it in, or put its folder back.',
      })
    })
    readers.set(asset, opening)
    return opening
  }
  const ratedOf = (asset: string) => {
    const known = rated.get(asset)
    if (known) return known
    const made = source(asset).then((reader) => ratedSource(reader, list.sampleRate))
    rated.set(asset, made)
    return made
  }
  return {
    rendering: rendering(list, ratedOf),
    source,
    async close() {
      for (const reader of readers.values())
        await reader.then(
          (one) => one.close(),
          () => undefined,
        )
    },
  }
}

/**
 * Opens a file with an edit list as the sound that it describes; it lies two folders deep in a project, as `assets/<id>/…` and `work/<job>/…` do. Its encoding
 * is that of the sounds it is made of, where those are only put in another order. Throws `corrupt`, `not-found`.
 */
export async function openEdited(path: string): Promise<AudioReader> {
  const list = await readEditList(path)
  const edits = openEdits(list, join(dirname(dirname(dirname(path))), 'assets'))
  const { plan, read } = edits.rendering
  try {
    const ids = [...new Set(list.segments.flatMap(({ asset }) => (asset === null ? [] : [asset])))]
    // A document of thousands of others is opened as it is read.
    const sounds = await Promise.all(ids.slice(0, 64).map((id) => edits.source(id)))
    const encodings = new Set(sounds.map(({ info }) => info.encoding))
    const isPlain =
      ids.length <= 64 &&
      encodings.size === 1 &&
      sounds.every(({ info }) => info.sampleRate === list.sampleRate && info.channels === list.channels) &&
      list.segments.every(isUntouched)
    let position = 0
    return {
      info: {
        sampleRate: list.sampleRate,
        channels: list.channels,
        frames: plan.frames,
        container: 'wav',
        encoding: isPlain ? [...encodings][0]! : 'f32',
      },
      async read(frames) {
        const count = Math.min(frames, plan.frames - position)
        if (count <= 0) return null
        const block = await read(position, count)
        position += count
        return block
      },
      seek(frame) {
        if (!Number.isInteger(frame) || frame < 0 || frame > plan.frames)
          throw new RangeError(`A position must be a whole number of samples from 0 to ${plan.frames}, got ${frame}`)
        position = frame
        return Promise.resolve()
      },
      close: () => edits.close(),
    }
  } catch (thrown) {
    await edits.close()
    throw asNagareError(thrown, path)
  }
}
