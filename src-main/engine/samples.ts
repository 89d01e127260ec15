import type { SampleId } from '@contract'
import { join } from 'node:path'
import type { IncomingFile } from '../project'

/** The files that come with Nagare to try it with, in `resources/samples`, and their names in a project. */
const samples: Record<SampleId, { file: string; name: string }> = {
  speech: { file: 'two-voices-and-a-tap.flac', name: 'Two voices and a tap.flac' },
  surface: { file: 'scratched-bricks.png', name: 'Scratched bricks.png' },
}

/** A sample as a file that is copied into the project. */
export function sampleFile(resources: string, id: SampleId): IncomingFile {
  const { file, name } = samples[id]
  return { file: join(resources, 'samples', file), name, move: false }
}
