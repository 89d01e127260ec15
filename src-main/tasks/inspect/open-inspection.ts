import { openDevice } from '../../compute'
import { openPack } from '../../packs'
import { openPackInspector } from '../../models/anomaly/pack-model'
import type { Inspected, Inspector } from '../../models/anomaly/inspector'
import { detectorSpec } from '../../models/detectors'
import { openPicture, type PictureReader } from '../../image'
import { drawMap, type DrawnFiles, type Found } from './inspect-picture'
import type { InspectSettings } from './settings'

/** What is told of one picture. */
export interface Verdict extends Inspected, Found {
  label: 'normal' | 'odd'
  width: number
  height: number
  /** What was changed or left out on reading it, each a sentence. */
  notes: readonly string[]
  /** Whether the model made a reconstruction, which was then drawn where that was asked for. */
  hasReconstruction: boolean
}

/** A model that was opened once, for any number of pictures. */
export interface Inspection {
  /** How many pictures at a time cost least. */
  readonly together: number
  /** Inspects picture files, and draws each one's three files. A file that cannot be inspected has its error in its place. */
  inspect(
    pictures: readonly { path: string; files: DrawnFiles }[],
    hooks: InspectionHooks,
  ): Promise<(Verdict | Error)[]>
  close(): Promise<void>
}

export interface InspectionHooks {
  progress?: (done: number, total: number) => void
  /** Throws `cancelled` once the person asked to stop. */
  checkCancelled(): void
}

export interface InspectionOptions {
  pack: string
  device: string
  fallback?: ((reason: string) => void) | undefined
  settings: InspectSettings
  seed: number
}

/** Opens a model for inspecting. Throws `bad-input` for a pack of another kind, or one that has not the method asked for. */
export async function openInspection({ pack: path, settings, seed, ...where }: InspectionOptions): Promise<Inspection> {
  const pack = await openPack(path)
  const spec = detectorSpec(pack.manifest.kind)
  const device = await openDevice(where.device, { fallback: where.fallback })
  const { falseAlarms, kappa, method } = settings
  const inspector = await openPackInspector(spec, pack, device, {
    ...{ falseAlarms, kappa, seed },
    method: method === 'usual' ? undefined : method,
  })
  return {
    together: inspector.together,
    inspect: (pictures, hooks) => inspectAll(inspector, pictures, settings, hooks),
    close: () => inspector.close(),
  }
}

async function inspectAll(
  inspector: Inspector,
  pictures: readonly { path: string; files: DrawnFiles }[],
  { threshold, minArea }: InspectSettings,
  { progress = () => {}, checkCancelled }: InspectionHooks,
): Promise<(Verdict | Error)[]> {
  const results: (Verdict | Error)[] = []
  const open: { place: number; reader: PictureReader; files: DrawnFiles }[] = []
  try {
    for (const [place, { path, files }] of pictures.entries()) {
      checkCancelled()
      const reader = await openPicture(path).catch((thrown: unknown) => asError(thrown))
      if (reader instanceof Error) results[place] = reader
      else open.push({ place, reader, files })
    }
    const found: (Found & { hasReconstruction: boolean })[] = []
    const verdicts = await inspector.inspect(
      open.map(({ reader }) => reader),
      async (i, bands) => {
        const { reader, files } = open[i]!
        found[i] = await drawMap(reader, bands, { files, threshold, minArea, check: checkCancelled })
      },
      {
        progress(done, total) {
          checkCancelled()
          progress(done, total)
        },
      },
    )
    for (const [i, { place, reader }] of open.entries()) {
      const { width, height, notes } = reader.info
      const verdict = verdicts[i]!
      const label = verdict.score >= threshold ? 'odd' : 'normal'
      results[place] = { ...verdict, ...found[i]!, label, width, height, notes }
    }
    return results
  } finally {
    for (const { reader } of open) reader.close()
  }
}

const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)))
