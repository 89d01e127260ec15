import { openDevice } from '../../compute'
import { openPack } from '../../packs'
import { openPackInspector } from '../../models/anomaly/pack-model'
import type { Inspected, Inspector } from '../../models/anomaly/inspector'
import { detectorSpec } from '../../models/detectors'
import { bandsWithout, openPicture, withoutParts, type PictureReader } from '../../image'
import { NagareError } from '../../lib/errors'
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
  /** Whether parts of it were left out. */
  partly: boolean
}

/** A picture to inspect: its file, those that its finds are drawn into, and a mask of what does not count in it. */
export interface InspectedPicture {
  path: string
  files: DrawnFiles
  ignore?: string | undefined
}

/** A model that was opened once, for any number of pictures. */
export interface Inspection {
  /** How many pictures at a time cost least. */
  readonly together: number
  /** Inspects picture files, and draws each one's three files. A file that cannot be inspected has its error in its place. */
  inspect(pictures: readonly InspectedPicture[], hooks: InspectionHooks): Promise<(Verdict | Error)[]>
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
  pictures: readonly InspectedPicture[],
  settings: InspectSettings,
  hooks: InspectionHooks,
): Promise<(Verdict | Error)[]> {
  try {
    return await inspectTogether(inspector, pictures, settings, hooks)
  } catch (thrown) {
    if (!isOwnFault(thrown)) throw thrown
    if (pictures.length === 1) return [thrown]
  }
  // One of them cannot be read to its end: the others are no worse for it.
  const results: (Verdict | Error)[] = []
  for (const picture of pictures)
    results.push(...(await inspectAll(inspector, [picture], settings, { checkCancelled: hooks.checkCancelled })))
  return results
}

/** Whether it lies at a picture that it cannot be inspected. */
const isOwnFault = (thrown: unknown): thrown is NagareError =>
  thrown instanceof NagareError &&
  thrown.device === undefined &&
  ['bad-input', 'corrupt', 'unsupported', 'not-found'].includes(thrown.code)

interface OpenOne {
  place: number
  reader: PictureReader
  ignored: PictureReader | undefined
  files: DrawnFiles
}

async function inspectTogether(
  inspector: Inspector,
  pictures: readonly InspectedPicture[],
  { threshold, minArea }: InspectSettings,
  { progress = () => {}, checkCancelled }: InspectionHooks,
): Promise<(Verdict | Error)[]> {
  const results: (Verdict | Error)[] = []
  const open: OpenOne[] = []
  try {
    for (const [place, picture] of pictures.entries()) {
      checkCancelled()
      const opened = await openOne(picture, place).catch((thrown: unknown) => asError(thrown))
      if (opened instanceof Error) results[place] = opened
      else open.push(opened)
    }
    const found: (Found & { hasReconstruction: boolean })[] = []
    const verdicts = await inspector.inspect(
      open.map(({ reader, ignored }) => (ignored ? withoutParts(reader, ignored) : reader)),
      async (i, bands) => {
        const { reader, files, ignored } = open[i]!
        const counted = ignored ? bandsWithout(bands, ignored, reader.info.width) : bands
        found[i] = await drawMap(reader, counted, { files, threshold, minArea, check: checkCancelled })
      },
      {
        ignored: open.map(({ ignored }) => ignored),
        progress(done, total) {
          checkCancelled()
          progress(done, total)
        },
      },
    )
    for (const [i, { place, reader, ignored }] of open.entries()) {
      const { width, height, notes } = reader.info
      const verdict = verdicts[i]!
      const label = verdict.score >= threshold ? 'odd' : 'normal'
      results[place] = { ...verdict, ...found[i]!, label, width, height, notes, partly: ignored !== undefined }
    }
    return results
  } finally {
    for (const { reader, ignored } of open) {
      reader.close()
      ignored?.close()
    }
  }
}

/** Opens a picture, and the mask of what does not count in it. Throws `bad-input` where that is of another size. */
async function openOne({ path, files, ignore }: InspectedPicture, place: number): Promise<OpenOne> {
  const reader = await openPicture(path)
  if (ignore === undefined) return { place, reader, files, ignored: undefined }
  try {
    const ignored = await openPicture(ignore)
    const { width, height } = reader.info
    if (ignored.info.width === width && ignored.info.height === height && ignored.info.channels === 1)
      return { place, reader, files, ignored }
    ignored.close()
    throw new NagareError(
      'bad-input',
      `${ignore}: expected a grey mask of ${width} × ${height} pixels, found ${ignored.info.width} × ${ignored.info.height}.`,
      { hint: 'Draw it again, at the size of its picture.', file: ignore },
    )
  } catch (thrown) {
    reader.close()
    throw thrown
  }
}

const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)))
