/** What kind of thing went wrong; travels over the wire and becomes the command line's exit code. */
export type ErrorCode =
  | 'bad-input'
  | 'not-found'
  | 'unsupported'
  | 'cancelled'
  | 'disk-full'
  | 'no-permission'
  | 'conflict'
  | 'corrupt'
  | 'unavailable'
  | 'internal'

/** An error a person can act on: the message says what was expected and what was found, the hint what to do. */
export class NagareError extends Error {
  override readonly name = 'NagareError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly file: string | undefined
  /** Id of the compute device whose fault it is. */
  readonly device: string | undefined

  constructor(
    code: ErrorCode,
    message: string,
    more: { hint?: string; file?: string; device?: string; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.hint = more.hint
    this.file = more.file
    this.device = more.device
  }
}

const systemCodes: Record<string, [ErrorCode, string, string]> = {
  ENOENT: ['not-found', 'no such file', 'Check the name and the folder.'],
  EACCES: ['no-permission', 'it may not be read or written', 'Change its permissions, or choose another place.'],
  EPERM: ['no-permission', 'the system does not allow it', 'Change its permissions, or choose another place.'],
  EISDIR: ['bad-input', 'it is a folder, a file was expected', 'Choose a file inside it.'],
  ENOTDIR: ['bad-input', 'part of the path is a file, a folder was expected', 'Check the path.'],
  ENOSPC: ['disk-full', 'the disk is full', 'Free some space, or choose another disk.'],
  EDQUOT: ['disk-full', 'the disk quota is used up', 'Free some space, or choose another disk.'],
  EROFS: ['no-permission', 'the disk is read-only', 'Choose another place.'],
  EMFILE: ['unavailable', 'too many files are open', 'Close other programs and try again.'],
}

/** Turns anything thrown into a `NagareError`; system errors (ENOENT, ENOSPC …) get a sentence that names `file`. */
export function asNagareError(thrown: unknown, file?: string): NagareError {
  if (thrown instanceof NagareError) return thrown
  const code = (thrown as NodeJS.ErrnoException | null)?.code
  const known = typeof code === 'string' ? systemCodes[code] : undefined
  const path = file ?? (thrown as NodeJS.ErrnoException | null)?.path
  if (known) {
    const [kind, what, hint] = known
    return new NagareError(kind, `${path ?? 'A file'}: ${what}.`, {
      hint,
      cause: thrown,
      ...(path ? { file: path } : {}),
    })
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new NagareError('internal', message, { cause: thrown, ...(path ? { file: path } : {}) })
}

/** The record of an error that crosses the wire and lands in job logs. */
export interface ErrorRecord {
  code: ErrorCode
  message: string
  hint?: string | undefined
  file?: string | undefined
}

/** Plain record of any thrown value. */
export function errorRecord(thrown: unknown): ErrorRecord {
  const { code, message, hint, file } = asNagareError(thrown)
  return { code, message, ...(hint ? { hint } : {}), ...(file ? { file } : {}) }
}
