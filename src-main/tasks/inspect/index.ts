import { stem } from '../../lib/names'
import { detectors } from '../../models/detectors'
import type { TaskDefinition } from '../task'
import { openInspection } from './open-inspection'
import { inspectSettings } from './settings'

/** Inspection: a picture of any size → how odd it is, and where. */
export const inspect: TaskDefinition<typeof inspectSettings> = {
  id: 'inspect',
  label: 'Inspect',
  description: 'Says how odd a picture is beside the normal ones that the model learned, and where.',
  accepts: ['image'],
  packKinds: detectors.map(({ kind }) => kind),
  settings: inspectSettings,
  commandOptions: ({ threshold, falseAlarms, kappa, method }) => [
    ...(threshold === 0.5 ? [] : ['--threshold', String(threshold)]),
    ...(falseAlarms === 0.01 ? [] : ['--false-alarms', String(falseAlarms)]),
    ...(kappa === 1 ? [] : ['--kappa', String(kappa)]),
    ...(method === 'usual' ? [] : ['--method', method]),
  ],
  async run({ source, sourceName, settings, pack, device, fallback, seed, output, progress, checkCancelled }) {
    progress({ phase: 'Loading the model', done: 0, total: 1 })
    const inspection = await openInspection({ pack, device, fallback, settings, seed })
    try {
      const files = { heatmap: output('heatmap'), mask: output('mask'), overlay: output('overlay') }
      const [verdict] = await inspection.inspect([{ path: source, files }], {
        progress: (done, total) => progress({ phase: 'Inspecting', done, total }),
        checkCancelled,
      })
      if (verdict instanceof Error) throw verdict
      const facts = { ...verdict! }
      return (['heatmap', 'mask', 'overlay'] as const).map((role) => ({
        role,
        file: files[role],
        name: `${stem(sourceName)} (${role}).png`,
        facts,
      }))
    } finally {
      await inspection.close()
    }
  },
}
