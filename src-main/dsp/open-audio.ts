import { open, stat } from 'node:fs/promises'
import { describeBytes } from '../lib/describe-bytes'
import { asNagareError, NagareError } from '../lib/errors'
import type { AudioReader } from './audio'
import { openCompressed } from './decode'
import { isEditListHead, openEdited } from './edit-list/edit-file'
import type { DecodeOptions } from './decode'
import { id3Length, sniffAudio } from './sniff'
import { openWav } from './wav-reader'

const readable = 'WAV, FLAC, MP3, Ogg (Vorbis, Opus), M4A, AAC, AIFF, CAF or WebM'

/**
 * Opens a recording by what is in the file, not by its name. WAV is read in place; everything else is first decoded to
 * a temporary file. A project's list of edits is the sound that it describes. Memory does not grow with the length.
 * Throws `not-found`, `no-permission`, `bad-input` (not audio, no samples, a folder), `corrupt`, `unsupported`, each naming the file.
 */
export async function openAudio(path: string, options: DecodeOptions = {}): Promise<AudioReader> {
  const bad = (message: string, hint: string) =>
    new NagareError('bad-input', `${path}: ${message}`, { hint, file: path })
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw bad('expected an audio file, found a folder.', 'Choose a file inside it.')
    if (!found.isFile()) throw bad('expected an audio file, found a device or pipe.', 'Save it to a file first.')
    if (found.size === 0) throw bad('expected a recording, the file is empty.', 'Copy or record it again.')

    const handle = await open(path, 'r')
    const readHead = async (at: number) => {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(8192), 0, 8192, at)
      return buffer.subarray(0, bytesRead)
    }
    let head: Uint8Array
    let start: number
    try {
      head = await readHead(0)
      start = id3Length(head)
      if (start > 0) head = await readHead(start)
    } finally {
      await handle.close()
    }
    if (start >= found.size)
      throw new NagareError('corrupt', `${path}: expected sound after the file's tags, it ends before.`, {
        hint: 'Copy or download it again.',
        file: path,
      })
    if (isEditListHead(head)) return await openEdited(path)
    const kind = sniffAudio(head, start > 0)
    if (!kind) throw bad(`expected ${readable}, found ${describeBytes(head)}.`, 'Choose an audio file.')
    const { codec, container } = kind
    if (!codec) return await openWav(path, options)
    return await openCompressed(path, { codec, container }, start, options)
  } catch (thrown) {
    throw asNagareError(thrown, path)
  }
}
