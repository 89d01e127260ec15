import { pixelTruth, type Asset, type CallInput, type CallResult } from '@contract'
import { stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { holdOut } from '../../image'
import { writeFileAtomic } from '../../lib/atomic-file'
import { NagareError } from '../../lib/errors'
import { stem } from '../../lib/names'
import { contentFile, markOf, safeFileName, uniqueName, type Project } from '../../project'
import { writeZip, type ZipItem } from '../../packs'
import { csvOf, factsOf, writeReport, type ReportRow } from '../../tasks/inspect/report'
import type { EngineParts } from '../parts'
import { modelCard } from './model-card'
import type { OverlapMeter } from './overlap-meter'

type Wanted = CallInput<'gallery.export'>

/** A picture with the outputs of the run that is meant. */
interface Shown {
  asset: Asset
  outputs: Map<string, Asset>
}

/** Writes what was asked of pictures to `exports/`. Throws `not-found`, `bad-input` where there is nothing of the kind, `cancelled`, `disk-full`. */
export async function exportGallery(
  parts: Pick<EngineParts, 'project' | 'shelf' | 'version'> & { meter: OverlapMeter },
  { format, pictures, threshold }: Wanted,
  signal: AbortSignal,
): Promise<CallResult<'gallery.export'>> {
  const { project } = parts
  const shown = find(project, pictures)
  const name = exportName[format](project.manifest.name)
  const path = join(project.paths.exports, name)
  if (format === 'labels') await writeFileAtomic(path, labelsCsv(shown))
  else if (format === 'mvtec') await writeZip(path, await mvtecItems(project, shown), signal)
  else {
    const rows = await reportRows(project, shown)
    if (rows.length === 0)
      throw new NagareError('bad-input', 'None of these pictures was inspected yet.', { hint: 'Inspect them first.' })
    const failed = shown.filter(({ outputs }) => outputs.size === 0).map(({ asset }) => asset.name)
    const input = {
      title: project.manifest.name,
      rows,
      failed: failed.map((name) => ({ name, reason: 'not inspected' })),
      threshold,
      version: parts.version,
      overlap: await parts.meter.measure(mapsWithTruth(project, shown), signal),
      ...modelCard(
        parts,
        [...shown.values()].flatMap(({ outputs }) => outputs.get('heatmap')?.origin ?? []),
      ),
    }
    if (format === 'report') await writeReport(path, input, { signal })
    else {
      const report = join(project.paths.work, `report-${Date.now()}.html`)
      await writeReport(report, input, { signal })
      await writeZip(path, await resultItems(project, shown, csvOf(rows, threshold), report), signal)
    }
  }
  return { url: `/exports/${encodeURIComponent(name)}`, name, bytes: (await stat(path)).size }
}

const exportName: Record<Wanted['format'], (project: string) => string> = {
  labels: (project) => safeFileName(`${project} labels.csv`),
  mvtec: (project) => safeFileName(`${project} labelled.zip`),
  results: (project) => safeFileName(`${project} results.zip`),
  report: (project) => safeFileName(`${project} report.html`),
}

/** The pictures that are named, and of each the outputs of the run that is named with it. Throws `not-found`. */
function find({ assets }: Project, pictures: Wanted['pictures']): Shown[] {
  const byRun = new Map<string, Map<string, Asset>>()
  for (const asset of assets.list()) {
    if (!asset.origin) continue
    const key = `${asset.origin.source} ${asset.origin.job}`
    const outputs = byRun.get(key) ?? new Map<string, Asset>()
    byRun.set(key, outputs.set(asset.origin.role, asset))
  }
  return pictures.map(({ asset, take }) => ({
    asset: assets.get(asset),
    outputs: (take && byRun.get(`${asset} ${take}`)) || new Map<string, Asset>(),
  }))
}

const quoted = (cell: string) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/** `file,label,defect` of all that are labelled. Throws `bad-input` where none is. */
function labelsCsv(shown: readonly Shown[]): string {
  const lines = shown.flatMap(({ asset: { name, label, defect } }) =>
    label ? [[quoted(name), label, quoted(defect ?? '')].join(',')] : [],
  )
  if (lines.length === 0) throw noLabels()
  return ['file,label,defect', ...lines, ''].join('\n')
}

const noLabels = () =>
  new NagareError('bad-input', 'None of these pictures is labelled good or bad yet.', {
    hint: 'Label them in the gallery: G good, B bad.',
  })

/** The labelled pictures in MVTec's layout; a fifth of the good ones is kept for testing, the same each time. Throws `bad-input` without labels. */
async function mvtecItems(project: Project, shown: readonly Shown[]): Promise<ZipItem[]> {
  const good = shown.filter(({ asset }) => asset.label === 'good')
  const bad = shown.filter(({ asset }) => asset.label === 'bad')
  if (good.length + bad.length === 0) throw noLabels()
  const { fit, held } = good.length > 1 ? holdOut(good, 0.2, 0) : { fit: good, held: [] }
  const items: ZipItem[] = []
  const stems = new Set<string>()
  const add = async (asset: Asset, folder: string) => {
    const file = await contentFile(project, asset.id)
    const own = stem(
      uniqueName(
        `${safeFileName(stem(asset.name))}.png`,
        [...stems].map((name) => `${name}.png`),
      ),
    )
    stems.add(own)
    items.push({ name: `${folder}/${own}${extname(file)}`, content: { file } })
    return own
  }
  for (const { asset } of fit) await add(asset, 'train/good')
  for (const { asset } of held) await add(asset, 'test/good')
  for (const { asset } of bad) {
    const defect = asset.defect ?? 'bad'
    const own = await add(asset, `test/${defect}`)
    const mask = markOf(project.assets, asset.id, 'truth')
    if (mask)
      items.push({
        name: `ground_truth/${defect}/${own}_mask.png`,
        content: { file: await contentFile(project, mask.id) },
      })
  }
  return items
}

async function reportRows(project: Project, shown: readonly Shown[]): Promise<ReportRow[]> {
  const rows: ReportRow[] = []
  for (const { asset, outputs } of shown) {
    const facts = factsOf(outputs.get('heatmap')?.origin?.facts)
    if (!facts) continue
    const file = async (role: string) => {
      const output = outputs.get(role)
      return output && contentFile(project, output.id)
    }
    rows.push({
      ...facts,
      name: asset.name,
      truth: asset.label === undefined || asset.label === 'unsure' ? null : asset.label,
      defect: asset.defect ?? null,
      picture: await contentFile(project, asset.id),
      overlay: await file('overlay'),
    })
  }
  return rows
}

/** The maps of pictures of whose pixels it is known which are wrong. */
const mapsWithTruth = ({ assets }: Project, shown: readonly Shown[]) =>
  shown.flatMap(({ asset, outputs }) => {
    const map = outputs.get('map')
    const mask = pixelTruth(asset.label, markOf(assets, asset.id, 'truth')?.id)
    return map && mask !== undefined ? [{ map: map.id, mask }] : []
  })

async function resultItems(project: Project, shown: readonly Shown[], csv: string, report: string): Promise<ZipItem[]> {
  const items: ZipItem[] = [
    { name: 'scores.csv', content: { text: csv } },
    { name: 'report.html', content: { file: report } },
  ]
  const folders = new Set<string>()
  for (const { asset, outputs } of shown) {
    if (outputs.size === 0) continue
    const folder = uniqueName(safeFileName(stem(asset.name)), folders)
    folders.add(folder)
    for (const role of ['heatmap', 'mask', 'overlay']) {
      const output = outputs.get(role)
      if (output)
        items.push({ name: `${folder}/${role}.png`, content: { file: await contentFile(project, output.id) } })
    }
  }
  return items
}
