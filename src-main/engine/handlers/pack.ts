import type { Handlers } from '@contract'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { asNagareError, NagareError } from '../../lib/errors'
import { newId } from '../../lib/id'
import { findSource, safeFileName } from '../../project'
import type { EngineParts } from '../parts'

export function packHandlers({ shelf, project, queue, emit }: EngineParts): Pick<Handlers, 'pack.add' | 'pack.remove'> {
  const tell = () => emit({ event: 'pack.changed', data: { packs: shelf.list().map(({ record }) => record) } })
  return {
    async 'pack.add'({ source }, { trusted }) {
      if ('asset' in source)
        throw new NagareError('bad-input', 'A model is added from a file, not from an asset of the project.')
      const { file, name, move } = await findSource(source, project.paths, trusted)
      // A pack is known by its file's name, which an upload does not have.
      const staged = join(project.paths.work, newId('pack'))
      try {
        const path = move ? join(staged, safeFileName(name)) : file
        if (move) await mkdir(staged).then(() => rename(file, path))
        const { record } = await shelf.add(path)
        tell()
        return { pack: record }
      } catch (thrown) {
        throw named(asNagareError(thrown, name), staged, name)
      } finally {
        await rm(staged, { recursive: true, force: true })
      }
    },
    async 'pack.remove'({ pack }) {
      if (queue.list().some((job) => job.pack === pack && (job.state === 'queued' || job.state === 'running')))
        throw new NagareError('conflict', `A job needs the model ${pack}.`, { hint: 'Wait for it, or cancel it.' })
      await shelf.remove(pack)
      tell()
      return {}
    },
  }
}

/** The same error with the name of the file that was sent, where it has the path at which it was looked at. */
function named(error: NagareError, staged: string, name: string): NagareError {
  const path = join(staged, safeFileName(name))
  if (!error.message.includes(path)) return error
  const { code, hint } = error
  return new NagareError(code, error.message.replaceAll(path, name), {
    ...(hint ? { hint } : {}),
    file: name,
    cause: error,
  })
}
