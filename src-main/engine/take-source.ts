import type { Asset, CallContext, Source } from '@contract'
import { errorRecord, type NagareError } from '../lib/errors'
import { adopt, findSource } from '../project'
import type { EngineParts } from './parts'

/** Tells the windows that a recording which had been added could not be read. */
export const noticeUnreadable =
  ({ emit }: Pick<EngineParts, 'emit'>) =>
  (_: Asset, error: NagareError) =>
    emit({ event: 'notice', data: { error: errorRecord(error) } })

/** The asset that `source` names, taken into the project where it is not there yet. Throws as `findSource` and `adopt`. */
export async function takeSource(
  parts: Pick<EngineParts, 'project' | 'emit' | 'shelf'>,
  source: Source,
  { trusted, signal }: CallContext,
): Promise<{ asset: Asset; isNew: boolean }> {
  const { project } = parts
  if ('asset' in source) return { asset: project.assets.get(source.asset), isNew: false }
  const incoming = await findSource(source, project.paths, trusted)
  const bands = parts.shelf.list().flatMap(({ record: { mel } }) => (mel ? [mel.mels] : []))
  return {
    asset: await adopt(project, incoming, { signal, bands, onUnreadable: noticeUnreadable(parts) }),
    isNew: true,
  }
}
