import type { Origin } from '@contract'
import type { ReportModel } from '../../tasks/inspect/report'
import type { EngineParts } from '../parts'

/** What a report says of the model and the settings of runs: those of most of them. */
export function modelCard(
  { shelf }: Pick<EngineParts, 'shelf'>,
  origins: readonly Origin[],
): { model: ReportModel; settings: Record<string, unknown>; device: string; seed: number } {
  const counts = new Map<string, number>()
  for (const { job } of origins) counts.set(job, (counts.get(job) ?? 0) + 1)
  const [most] = [...counts].sort(([, a], [, b]) => b - a)[0]!
  const { pack, settings, device, seed } = origins.find(({ job }) => job === most)!
  const known = shelf.list().find(({ record }) => record.id === pack.id)?.record
  const { kind = '', description = '', licence = '', metrics = [] } = known ?? {}
  const others = new Set(origins.map((origin) => `${origin.pack.sha256} ${JSON.stringify(origin.settings)}`)).size - 1
  return { model: { ...pack, kind, description, licence, metrics, others }, settings, device, seed }
}
