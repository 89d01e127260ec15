import { access, constants, stat } from 'node:fs/promises'
import { dirname, extname, join, resolve } from 'node:path'
import { asNagareError, NagareError } from '../lib/errors'

const found = (path: string) =>
  stat(path).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR') return undefined
    throw asNagareError(thrown, path)
  })

/** The folder that `path` is to be made in must be there and writable. */
async function checkFolder(path: string): Promise<void> {
  const folder = dirname(path)
  const there = await found(folder)
  if (!there)
    throw new NagareError('not-found', `${path}: there is no folder ${folder}.`, {
      hint: 'Create it first, or check the name.',
      file: path,
    })
  if (!there.isDirectory())
    throw new NagareError('bad-input', `${path}: ${folder} is a file, a folder was expected.`, {
      hint: 'Check the path.',
      file: path,
    })
  await access(folder, constants.W_OK | constants.X_OK).catch((thrown: unknown) => {
    throw asNagareError(thrown, path)
  })
}

/**
 * The absolute path of an output file, checked before any work is done: its folder is there and may be written to, and what is at
 * `path`, if anything, is a plain file. Throws `not-found`, `bad-input`, `no-permission`.
 */
export async function outputPath(given: string): Promise<string> {
  const path = resolve(given)
  await checkFolder(path)
  const there = await found(path)
  if (!there || there.isFile()) return path
  const what = there.isDirectory() ? 'a folder' : 'a device or pipe'
  throw new NagareError('bad-input', `${path}: expected the name of a file, found ${what}.`, {
    hint: 'Choose another name.',
    file: path,
  })
}

/** The name as given, where it is one of a sound format that is written; throws `unsupported`. */
export function soundName(given: string): string {
  const extension = extname(given).toLowerCase()
  if (['', '.wav', '.wave', '.flac'].includes(extension)) return given
  throw new NagareError('unsupported', `${given}: WAV and FLAC are written, not ${extension}.`, {
    hint: 'End the name with .wav or .flac.',
    file: given,
  })
}

/** The absolute path of a pack to be written: a zip where the name ends in `.nagare`, else a folder; only a pack is replaced. */
export async function packOutput(given: string): Promise<string> {
  const path = resolve(given)
  await checkFolder(path)
  const there = await found(path)
  const asZip = extname(path) === '.nagare'
  const isPack = there?.isDirectory() ? (await found(join(path, 'pack.json'))) !== undefined : asZip && there?.isFile()
  if (!there || isPack) return path
  throw new NagareError('conflict', `${path} is there and is no model pack; it is left as it is.`, {
    hint: 'Choose another name, ending in .nagare for a single file.',
    file: path,
  })
}

/** The absolute path of a folder to be filled: there and writable, or to be made. Throws `not-found`, `bad-input`, `no-permission`. */
export async function outputFolder(given: string): Promise<string> {
  const path = resolve(given)
  const there = await found(path)
  if (!there) await checkFolder(path)
  else if (there.isDirectory()) await checkFolder(join(path, 'file'))
  else
    throw new NagareError('bad-input', `${path} is a file, a folder was expected.`, {
      hint: 'Choose another name.',
      file: path,
    })
  return path
}

/** The absolute path of an input file. Throws `not-found`, `no-permission`, `bad-input` for a folder. */
export async function inputFile(given: string): Promise<string> {
  const path = resolve(given)
  try {
    if ((await stat(path)).isDirectory())
      throw new NagareError('bad-input', `${path}: expected a file, found a folder.`, {
        hint: 'Choose a file inside it.',
        file: path,
      })
    await access(path, constants.R_OK)
    return path
  } catch (thrown) {
    throw asNagareError(thrown, path)
  }
}

/** What file `path` names, through links and other spellings; undefined where there is none. */
export async function identity(path: string): Promise<string | undefined> {
  const there = await stat(path, { bigint: true }).catch(() => undefined)
  return there && `${there.dev}:${there.ino}`
}

/** Formats of samples that a sound may be written in. */
export const soundFormats = ['f32', 's16', 's24'] as const
export type SoundFormat = (typeof soundFormats)[number]

/** The samples' format in a file of this name; throws `bad-input` where it holds no such. */
export function formatFor(out: string, asked: SoundFormat | undefined): SoundFormat {
  const isFlac = extname(out).toLowerCase() === '.flac'
  if (isFlac && asked === 'f32')
    throw new NagareError('bad-input', `${out}: FLAC holds s16 and s24, not f32.`, { hint: 'Write a .wav file.' })
  return asked ?? (isFlac ? 's24' : 'f32')
}

/** Throws `conflict` where the output, called `out` by the person, is the input itself. */
export async function otherThan(input: string, output: string, out: string): Promise<void> {
  const there = await identity(output)
  if (there === undefined || there !== (await identity(input))) return
  throw new NagareError('conflict', `${out} is the input itself; it is left as it is.`, {
    hint: 'Choose another name for the output.',
    file: output,
  })
}
