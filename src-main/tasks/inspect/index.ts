import { stem } from '../../lib/names'
import { detectors } from '../../models/detectors'
import type { TaskDefinition } from '../task'
import type { DrawnFiles } from './inspect-picture'
import { openInspection, type Verdict } from './open-inspection'
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
  async run({ source, sourceName, settings, pack, device, fallback, seed, output, progress, checkCancelled, ignore }) {
    progress({ phase: 'Loading the model', done: 0, total: 1 })
    const inspection = await openInspection({ pack, device, fallback, settings, seed })
    try {
      const files = { heatmap: output('heatmap'), mask: output('mask'), overlay: output('overlay') }
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
    const inspection = await openInspection({ pack, device, fallback, settings, seed })
    const total = sources.length
    try {
      // The first few alone, so that something is seen at once.
      for (let from = 0, count = 1; from < total; from += count, count = Math.min(inspection.together, 4 * count)) {
        const some = sources.slice(from, from + count).map(({ id, source, sourceName, ignore }) => {
          const file = (role: string) => tell.output(id, role)
          const files = { heatmap: file('heatmap'), mask: file('mask'), overlay: file('overlay') }
          return { id, sourceName, ignore, path: source, files }
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

/** The files that were drawn of a picture, each with what was found. */
const outputsOf = (verdict: Verdict, files: DrawnFiles, sourceName: string) =>
  (['heatmap', 'mask', 'overlay'] as const).map((role) => ({
    role,
    file: files[role],
    name: `${stem(sourceName)} (${role}).png`,
    facts: { ...verdict },
  }))
