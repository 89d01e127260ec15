import { readFile } from 'node:fs/promises'
import { asNagareError, NagareError } from '../lib/errors'
import { About } from '../models/family'

/** Reads what a person says of a pack; throws `bad-input` naming the field that does not fit. */
export async function readAbout(file: string): Promise<About> {
  const content = await readFile(file, 'utf8').catch((thrown: unknown) => {
    throw asNagareError(thrown, file)
  })
  let json: unknown
  try {
    json = JSON.parse(content)
  } catch (cause) {
    throw new NagareError('bad-input', `${file} is no JSON.`, { file, cause })
  }
  const parsed = About.safeParse(json)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new NagareError('bad-input', `${file}: ${path.join('.')}: ${message}.`, {
    file,
    hint: 'It holds name, description, licence and data.',
  })
}
