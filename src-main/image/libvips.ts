import type Sharp from 'sharp'
import { asNagareError, NagareError } from '../lib/errors'

let loaded: Promise<typeof Sharp> | undefined

/** The picture codecs (libvips through sharp), loaded when first needed. Throws `unavailable` where the installation lacks them. */
export function libvips(): Promise<typeof Sharp> {
  loaded ??= import('sharp').then(
    ({ default: sharp }) => {
      sharp.cache(false)
      return sharp
    },
    (cause: unknown) => {
      loaded = undefined
      throw new NagareError('unavailable', 'The picture codecs (sharp) cannot be loaded on this machine.', {
        hint: 'Install Nagare again; BMP pictures and IDX files can be read without them.',
        cause,
      })
    },
  )
  return loaded
}

/** What libvips threw while it read `path`: a full disk as such, everything else as a damaged file. */
export function decodeError(thrown: unknown, path: string): NagareError {
  if (thrown instanceof NagareError) return thrown
  if ((thrown as NodeJS.ErrnoException | null)?.code?.startsWith('E')) return asNagareError(thrown, path)
  const said = thrown instanceof Error ? thrown.message.trim().split('\n')[0]! : String(thrown)
  if (/no space left/i.test(said))
    return new NagareError('disk-full', `${path}: the disk for temporary files is full.`, {
      hint: 'Free some space, or choose another temporary folder.',
      file: path,
      cause: thrown,
    })
  return new NagareError('corrupt', `${path}: expected a whole picture, the decoder stopped: ${said}.`, {
    hint: 'Copy or save it again.',
    file: path,
    cause: thrown,
  })
}
