import { stem } from '../../lib/names'
import { detectors } from '../../models/detectors'
import type { TaskDefinition } from '../task'
import { openInspection } from './open-inspection'
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
  async run({ source, sourceName, settings, pack, device, fallback, seed, output, progress, checkCancelled }) {
    progress({ phase: 'Loading the model', done: 0, total: 1 })
    const inspection = await openInspection({ pack, device, fallback, settings, seed })
    try {
      const files = Object.fromEntries(inspectionRoles.map((role) => [role, output(role)])) as Record<
        InspectionRole,
        string
      >
      const [verdict] = await inspection.inspect([{ path: source, files }], {
        progress: (done, total) => progress({ phase: 'Inspecting', done, total }),
        checkCancelled,
      })
      if (verdict instanceof Error) throw verdict
      const { hasReconstruction, ...facts } = verdict!
      return inspectionRoles
        .filter((role) => role !== 'reconstruction' || hasReconstruction)
        .map((role) => ({ role, file: files[role], name: `${stem(sourceName)} (${role}).png`, facts }))
    } finally {
      await inspection.close()
    }
  },
}
