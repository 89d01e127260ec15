import { isDeepStrictEqual } from 'node:util'
import { stem } from '../../lib/names'
import { detectors } from '../../models/detectors'
import type { TaskDefinition } from '../task'
import { openInspection, type Inspection, type InspectionOptions, type Verdict } from './open-inspection'
import { inspectSettings } from './settings'

/** What comes of an inspection: the map's colours, what lies above the threshold, both over the picture, the map in 16 bits, and what the model made of the picture where it makes anything. */
export const inspectionRoles = ['heatmap', 'mask', 'overlay', 'map', 'reconstruction'] as const
export type InspectionRole = (typeof inspectionRoles)[number]

/** Inspection: a picture of any size → how odd it is, and where. */
export const inspect: TaskDefinition<typeof inspectSettings> = {
  id: 'inspect',
  label: 'Inspect',
  description: 'Says how odd a picture is beside the normal ones that the model learned, and where.',
  accepts: ['image'],
  packKinds: detectors.map(({ kind }) => kind),
  settings: inspectSettings,
  commandOptions: ({ threshold, falseAlarms, minArea, kappa, method }) => [
    ...(threshold === 0.5 ? [] : ['--threshold', String(threshold)]),
    ...(falseAlarms === 0.01 ? [] : ['--false-alarms', String(falseAlarms)]),
    ...(minArea === 1 ? [] : ['--min-area', String(minArea)]),
    ...(kappa === 1 ? [] : ['--kappa', String(kappa)]),
    ...(method === 'usual' ? [] : ['--method', method]),
  ],
  async prepare({ pack, device, settings }) {
    // The search draws from the job's own seed.
    if (settings.method !== 'usual') return
    const inspection = await openInspection({ pack, device, settings, seed: 0 })
    ready = { plan: { pack, device, settings }, inspection }
  },
  async run({ source, sourceName, settings, pack, device, fallback, seed, output, progress, checkCancelled, ignore }) {
    progress({ phase: 'Loading the model', done: 0, total: 1 })
    const inspection = await opened({ pack, device, fallback, settings, seed })
    try {
      const files = filesOf(output)
      const [verdict] = await inspection.inspect([{ path: source, files, ignore }], {
        progress: (done, total) => progress({ phase: 'Inspecting', done, total }),
        checkCancelled,
      })
      if (verdict instanceof Error) throw verdict
      return outputsOf(verdict!, files, sourceName)
    } finally {
      await inspection.close()
    }
  },
  async runBatch({ sources, settings, pack, device, fallback, seed, progress, checkCancelled, ...tell }) {
    progress({ phase: 'Loading the model', done: 0, total: 1 })
    const inspection = await opened({ pack, device, fallback, settings, seed })
    const total = sources.length
    try {
      // The first few alone, so that something is seen at once.
      for (let from = 0, count = 1; from < total; from += count, count = Math.min(inspection.together, 4 * count)) {
        const some = sources.slice(from, from + count).map(({ id, source, sourceName, ignore }) => {
          return { id, sourceName, ignore, path: source, files: filesOf((role) => tell.output(id, role)) }
        })
        const found = await inspection.inspect(some, {
          progress: (done, of) => progress({ phase: 'Inspecting', done: from + (some.length * done) / of, total }),
          checkCancelled,
        })
        for (const [i, verdict] of found.entries()) {
          const { id, files, sourceName } = some[i]!
          if (verdict instanceof Error) tell.missed(id, verdict)
          else tell.made(id, outputsOf(verdict, files, sourceName))
        }
      }
    } finally {
      await inspection.close()
    }
  },
}

/** A model that was opened ahead of its job. */
let ready: { plan: Pick<InspectionOptions, 'pack' | 'device' | 'settings'>; inspection: Inspection } | undefined

/** The model that was opened for just this, else opens it. */
async function opened(options: InspectionOptions): Promise<Inspection> {
  const { pack, device, settings } = options
  const known = ready
  ready = undefined
  if (known && isDeepStrictEqual(known.plan, { pack, device, settings })) return known.inspection
  await known?.inspection.close()
  return openInspection(options)
}

type RoleFiles = Record<InspectionRole, string>

/** Where each role's picture is drawn. */
const filesOf = (output: (role: string) => string) =>
  Object.fromEntries(inspectionRoles.map((role) => [role, output(role)])) as RoleFiles

/** The files that were drawn of a picture, each with what was found. */
const outputsOf = ({ hasReconstruction, ...facts }: Verdict, files: RoleFiles, sourceName: string) =>
  inspectionRoles
    .filter((role) => role !== 'reconstruction' || hasReconstruction)
    .map((role) => ({ role, file: files[role], name: `${stem(sourceName)} (${role}).png`, facts: { ...facts } }))
