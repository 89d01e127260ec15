import type { Handlers } from '@contract'
import { NagareError } from '../../lib/errors'
import { adopt } from '../../project'
import type { EngineParts } from '../parts'
import { sampleFile } from '../samples'
import { noticeUnreadable } from '../take-source'

export function sampleHandlers(parts: EngineParts): Pick<Handlers, 'sample.add'> {
  const { project, resources } = parts
  return {
    async 'sample.add'({ sample }, { signal }) {
      if (!resources)
        throw new NagareError('not-found', 'This engine was started without the samples.', {
          hint: 'Install Nagare again.',
        })
      const incoming = sampleFile(resources, sample)
      return { asset: await adopt(project, incoming, { signal, onUnreadable: noticeUnreadable(parts) }) }
    },
  }
}
