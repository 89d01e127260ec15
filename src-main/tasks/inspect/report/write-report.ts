import { imageMetrics, pictureJpeg } from '../../../image'
import { NagareError } from '../../../lib/errors'
import { outputFile } from '../../../lib/output-file'
import { curveChart, histogramChart, overlapChart } from './charts'
import { escaped } from './escaped'
import type { ReportInput, ReportRow } from './report-input'
import { reportStyle } from './report-style'

/** Most pictures that are shown, and bytes that all of them may take. */
const mostShown = 120
const mostBytes = 12e6
/** Pixels of the longer side of a picture. */
const side = 240

/**
 * Writes a page that stands by itself: counts, measures where pictures are labelled, histogram and curves, the oddest pictures, all scores, and the model's
 * card. It runs nothing and loads nothing. It appears when complete. Throws `cancelled`, `disk-full`, what the pictures' files throw.
 */
export async function writeReport(
  path: string,
  input: ReportInput,
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  const file = await outputFile(path)
  const put = (text: string) => file.append(Buffer.from(text))
  const rows = [...input.rows].sort((a, b) => b.score - a.score)
  try {
    await put(head(input))
    await put(summary(input))
    await put(charts(input))
    await put('<h2>Pictures, the oddest first</h2>\n<ul class="pictures">\n')
    let room = mostBytes
    let shown = 0
    for (const row of rows.slice(0, mostShown)) {
      if (signal?.aborted) throw new NagareError('cancelled', 'Stopped as asked.')
      const jpeg = await pictureJpeg(row.overlay ?? row.picture, side)
      if (jpeg.length > room) break
      room -= jpeg.length
      shown++
      await put(figure(row, jpeg, input.threshold))
    }
    await put('</ul>\n')
    if (shown < rows.length)
      await put(`<p class="muted">${shown} of ${rows.length} are shown; all are in the table.</p>\n`)
    await put(table(rows, input.threshold))
    if (input.failed.length > 0) await put(failures(input.failed))
    await put(card(input))
    await put('</main></body></html>\n')
    await file.finish()
  } catch (thrown) {
    await file.abort()
    throw thrown
  }
}

const percent = (share: number) => `${(100 * share).toFixed(share > 0 && share < 0.01 ? 2 : 1)} %`
const figureOf = (value: number | null) => (value === null ? '–' : value.toFixed(3))

function head({ title, version }: ReportInput): string {
  const name = escaped(title)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${name}: inspection</title><style>${reportStyle}</style></head>
<body><main><h1>${name}</h1><p class="muted">Inspection, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, Nagare ${escaped(version)}</p>
`
}

/** The counts, and how they agree with labels where there are any of both kinds. */
function summary({ rows, failed, threshold }: ReportInput): string {
  const odd = rows.filter(({ score }) => score >= threshold).length
  const tiles = [
    ['Pictures', String(rows.length)],
    ['Odd', `${odd} (${percent(odd / rows.length)})`],
    ['Threshold', threshold.toFixed(2)],
    ...(failed.length ? [['Not inspected', String(failed.length)]] : []),
  ]
  const labelled = rows.filter(({ truth }) => truth !== null)
  const list = (all: string[][]) =>
    `<dl class="tiles">${all.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>\n`
  if (labelled.length === 0) return list(tiles)
  const found = measuresOf(rows, threshold)
  const { atThreshold: at } = found
  const byDefect = found.byDefect
    .map(
      ({ defect, count, auroc, found }) =>
        `<tr><th scope="row">${escaped(defect)}</th><td>${count}</td><td>${found}</td><td>${figureOf(auroc)}</td></tr>`,
    )
    .join('')
  return `${list(tiles)}<h2>Against ${labelled.length} labels (${found.normals} good, ${found.defects} bad)</h2>
${list([
  ['AUROC', figureOf(found.auroc)],
  ['AUPR', figureOf(found.aupr)],
  [`F1 at ${threshold.toFixed(2)}`, `${figureOf(at.f1)} <small>all called odd: ${figureOf(found.f1OfAll)}</small>`],
  ['Precision', figureOf(at.precision)],
  ['Recall', figureOf(at.recall)],
  ['False alarms', figureOf(at.falseAlarmRate)],
])}<div class="beside"><table><caption>Confusion at ${threshold.toFixed(2)}</caption>
<tr><td></td><th scope="col">called odd</th><th scope="col">called normal</th></tr>
<tr><th scope="row">bad</th><td>${at.truePositives}</td><td>${at.falseNegatives}</td></tr>
<tr><th scope="row">good</th><td>${at.falsePositives}</td><td>${at.trueNegatives}</td></tr></table>
${byDefect ? `<table><caption>By defect</caption><tr><th scope="col">defect</th><th scope="col">n</th><th scope="col">found</th><th scope="col">AUROC</th></tr>${byDefect}</table>` : ''}</div>
`
}

/** Measures of the labelled rows. */
const measuresOf = (rows: readonly ReportRow[], threshold: number) =>
  imageMetrics(
    rows.flatMap(({ score, truth, defect }) =>
      truth === null ? [] : [{ score, defect: truth === 'bad' ? (defect ?? 'bad') : null }],
    ),
    threshold,
  )

function charts({ rows, threshold, overlap }: ReportInput): string {
  const of = (truth: ReportRow['truth']) => rows.filter((row) => row.truth === truth).map(({ score }) => score)
  const parts = [
    histogramChart(
      [
        { name: 'good', scores: of('good') },
        { name: 'bad', scores: of('bad') },
        { name: 'not labelled', scores: of(null) },
      ],
      threshold,
    ),
  ]
  const { roc, precisionRecall, auroc, aupr } = measuresOf(rows, threshold)
  const isRanked = roc.x.length > 0
  if (isRanked)
    parts.push(
      curveChart(roc, {
        title: `ROC, area ${figureOf(auroc)}`,
        across: 'false positive rate',
        up: 'true positive rate',
        chance: true,
      }),
    )
  if (overlap) parts.push(overlapChart(overlap, threshold))
  if (isRanked)
    parts.push(
      curveChart(precisionRecall, {
        title: `Precision and recall, ${figureOf(aupr)}`,
        across: 'recall',
        up: 'precision',
      }),
    )
  return `<h2>Scores</h2><div class="beside">${parts.join('')}</div>\n`
}

const verdictOf = ({ score }: ReportRow, threshold: number) => (score >= threshold ? 'odd' : 'normal')
/** A shape beside the colour, for those who see no difference in it. */
const chip = (label: string) => `<span class="chip ${label}">${label === 'odd' ? '▲' : '●'} ${label}</span>`
const truthOf = ({ truth, defect }: ReportRow) => (truth === null ? '' : escaped(truth + (defect ? `: ${defect}` : '')))

function figure(row: ReportRow, jpeg: Uint8Array, threshold: number): string {
  const data = Buffer.from(jpeg).toString('base64')
  const name = escaped(row.name)
  return `<li><img src="data:image/jpeg;base64,${data}" alt="${name}" loading="lazy"><p>${name}</p><p>${chip(verdictOf(row, threshold))} ${row.score.toFixed(3)} <small>${truthOf(row)}</small></p></li>\n`
}

function table(rows: readonly ReportRow[], threshold: number): string {
  const body = rows.map(
    (row) =>
      `<tr><th scope="row">${escaped(row.name)}</th><td>${row.score.toFixed(4)}</td><td>${chip(verdictOf(row, threshold))}</td><td>${row.count}</td><td>${percent(row.share)}</td><td>${row.width} × ${row.height}</td><td>${truthOf(row)}</td></tr>`,
  )
  return `<details><summary>All ${rows.length} scores</summary><table class="wide"><tr><th scope="col">file</th><th scope="col">score</th><th scope="col">verdict</th><th scope="col">regions</th><th scope="col">share</th><th scope="col">pixels</th><th scope="col">label</th></tr>
${body.join('\n')}</table></details>\n`
}

const failures = (failed: ReportInput['failed']) =>
  `<h2>Not inspected</h2><table><tr><th scope="col">file</th><th scope="col">why</th></tr>${failed
    .map(({ name, reason }) => `<tr><th scope="row">${escaped(name)}</th><td>${escaped(reason)}</td></tr>`)
    .join('')}</table>\n`

function card({ model, settings, device, seed }: ReportInput): string {
  const lines: [string, string][] = [
    ['Model', model.name],
    ['Kind', model.kind],
    ['About', model.description],
    ['Licence', model.licence],
    ['SHA-256', model.sha256],
    ...model.metrics.map(({ name, value, unit, protocol }): [string, string] => [
      name,
      `${value.toFixed(3)} ${unit} (${protocol})`,
    ]),
    ...Object.entries(settings).map(([name, value]): [string, string] => [name, String(value)]),
    ['Device', device],
    ['Seed', String(seed)],
    ...(model.others > 0
      ? [['Note', `${model.others} other models or settings were used for some pictures.`] as [string, string]]
      : []),
  ]
  return `<h2>Model and settings</h2><table>${lines
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `<tr><th scope="row">${escaped(name)}</th><td>${escaped(value)}</td></tr>`)
    .join('')}</table>\n`
}
