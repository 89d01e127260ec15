import { mkdir, rm, rmdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { listPictures, pictureInfo } from '../image'
import { writeFileAtomic } from '../lib/atomic-file'
import { asNagareError, NagareError } from '../lib/errors'
import { stem } from '../lib/names'
import { appVersion } from '../lib/version'
import { openPack } from '../packs'
import { inspect as task } from '../tasks/inspect'
import { openInspection, type Inspection, type Verdict } from '../tasks/inspect/open-inspection'
import { writeReport, type ReportInput } from '../tasks/inspect/report'
import { inspectSettings, type InspectSettings } from '../tasks/inspect/settings'
import { failureOf, type Failed } from './failures'
import { commonOptions, needed, number, oneOf, seedOf, text, type Command, type Terminal } from './command'
import { outputFolder, outputPath } from './outputs'
import { findPackOfKind } from './places'
import { watchFolder } from '../lib/watch-folder'

const usage =
  'nagare inspect IN… | --watch DIR -o DIR [--model PACK] [--threshold T] [--false-alarms R] [--min-area N] [--maps] [--kappa K] [--method M] [--report FILE] [--ignore MASK]'

const defaults = inspectSettings.parse({})

export const inspect: Command = {
  name: 'inspect',
  usage,
  summary: 'Find what is odd in pictures, and where',
  help: {
    'IN…': 'pictures or folders of them: PNG, JPEG, TIFF, WebP, BMP; - reads names from standard input, one a line',
    '-o, --out DIR': 'scores.csv, result.json, and for each picture a folder with heatmap.png, mask.png, overlay.png',
    '--watch DIR': 'inspect what comes into this folder, each file when it has stopped growing, until Ctrl+C',
    '--idle SECONDS': 'with --watch: end after so long without anything new',
    '--report FILE': 'also write a page that stands by itself: scores, histogram, the oddest pictures, the model',
    '--ignore MASK': 'a grey picture, white where pictures of its size are not looked at',
    '--model PACK': 'a model pack, by path or by its name in `nagare models`',
    '--threshold T': `score from 0 to 1 from which on a picture counts as odd (${defaults.threshold})`,
    '--false-alarms R': `share of normal pictures that may be called odd; it puts the score of 0.5 (${defaults.falseAlarms})`,
    '--min-area N': `leaves regions of fewer pixels out of the mask and the list (${defaults.minArea})`,
    '--maps': 'also writes map.png, the map in 16 bits (65535 is 1), and reconstruction.png where the model makes one',
    '--kappa K': `f-anogan: weight of the critic's features beside the pixels, 0 to 10 (${defaults.kappa})`,
    '--method M': `usual, or search: f-anogan's slow search by gradients, as AnoGAN does (${defaults.method})`,
  },
  options: {
    ...commonOptions,
    out: { type: 'string', short: 'o' },
    model: { type: 'string' },
    threshold: { type: 'string' },
    'false-alarms': { type: 'string' },
    'min-area': { type: 'string' },
    maps: { type: 'boolean' },
    kappa: { type: 'string' },
    method: { type: 'string' },
    watch: { type: 'string' },
    idle: { type: 'string' },
    report: { type: 'string' },
    ignore: { type: 'string' },
  },
  async run({ values, positionals }, terminal) {
    const watched = text(values, 'watch')
    const idleSeconds = number(values, 'idle', { min: 0.1, max: 1e6 })
    if (watched !== undefined && positionals.length > 0)
      throw new NagareError('bad-input', '--watch takes the place of pictures that are named.', {
        hint: `Usage: ${usage}`,
      })
    if (positionals.length === 0 && watched === undefined)
      throw new NagareError('bad-input', 'inspect needs a picture or a folder.', { hint: `Usage: ${usage}` })
    const settings = inspectSettings.parse({
      threshold: number(values, 'threshold', { min: 0, max: 1 }),
      falseAlarms: number(values, 'false-alarms', { min: 0.0001, max: 0.5 }),
      minArea: number(values, 'min-area', { min: 1, max: 1_000_000, integer: true }),
      kappa: number(values, 'kappa', { min: 0, max: 10 }),
      method: oneOf(values, 'method', ['usual', 'search']),
    })
    const seed = seedOf(values)
    const out = await outputFolder(needed(values, 'out', usage))
    const reportName = text(values, 'report')
    const report = reportName === undefined ? undefined : await outputPath(reportName)
    const ignore = await ignoreMask(text(values, 'ignore'))
    const pack = await findPackOfKind(task.packKinds, text(values, 'model'))
    if (watched !== undefined) await checkWatched(watched, out)
    let device = text(values, 'device') ?? 'cpu'
    const fallback = (reason: string) => {
      terminal.note(reason)
      device = 'cpu'
    }
    const startedAt = performance.now()
    const inspection = await openInspection({ pack, device, fallback, settings, seed })
    const done: Row[] = []
    const failed: Failed[] = []
    const isNew = await makeFolder(out)
    try {
      const work = { out, terminal, done, failed, ignore, maps: values['maps'] === true }
      if (watched === undefined) await inspectStream(inspection, namesOf(positionals), work)
      else
        await inspectWatched(inspection, watchFolder(watched, { signal: terminal.signal, idleSeconds }), {
          ...work,
          threshold: settings.threshold,
        })
    } catch (thrown) {
      if (isNew && done.length === 0) await rmdir(out).catch(() => undefined)
      throw thrown
    } finally {
      await inspection.close()
    }
    const [first] = failed
    if (done.length === 0) {
      if (isNew) await rmdir(out).catch(() => undefined)
      throw (
        first?.error ?? new NagareError('bad-input', 'There are no pictures to inspect.', { hint: `Usage: ${usage}` })
      )
    }
    const seconds = (performance.now() - startedAt) / 1000
    const json = {
      ...{ task: task.id, pack, device, seed, settings, seconds },
      pictures: done.map(({ input, folder, verdict: { hasReconstruction: _, ...told } }) => ({
        file: input,
        folder,
        ...told,
      })),
      failed: failed.map(({ input, error }) => ({ input, error: error.message })),
    }
    await writeFileAtomic(join(out, 'scores.csv'), csv(done, settings.threshold))
    await writeFileAtomic(join(out, 'result.json'), `${JSON.stringify(json, null, 2)}\n`)
    if (report) await writeReport(report, await reportOf({ done, failed, pack, settings, device, seed }))
    const odd = done.filter(({ verdict }) => verdict.label === 'odd').length
    return {
      json,
      text: [
        ...done
          .slice(0, 20)
          .map(({ input, verdict }) => `${verdict.score.toFixed(3)} ${verdict.label.padEnd(6)} ${input}`),
        ...(done.length > 20 ? [`… and ${done.length - 20} more in ${join(out, 'scores.csv')}`] : []),
        `${odd} of ${done.length} pictures are odd; ${out}`,
      ].join('\n'),
      ...(first ? { failure: failureOf(failed, `of ${done.length + failed.length} pictures were not inspected`) } : {}),
    }
  },
}

interface Row {
  input: string
  /** Folder of its pictures, below the output's. */
  folder: string
  out: string
  verdict: Verdict
}

/** The pictures that are named: files as they are, folders' own pictures, and lines of standard input. */
async function* namesOf(given: readonly string[]): AsyncGenerator<string> {
  for (const name of given) {
    if (name === '-') {
      for await (const line of createInterface({ input: process.stdin })) if (line.trim() !== '') yield line.trim()
      continue
    }
    const there = await stat(name).catch((thrown: unknown) => {
      throw asNagareError(thrown, name)
    })
    if (!there.isDirectory()) yield name
    else {
      const { names } = await listPictures(name)
      if (names.length === 0)
        throw new NagareError('bad-input', `${name}: expected pictures, found none.`, {
          hint: 'Choose a folder that holds PNG, JPEG, TIFF, WebP or BMP files.',
          file: name,
        })
      for (const each of names) yield join(name, each)
    }
  }
}

interface Work {
  out: string
  terminal: Terminal
  done: Row[]
  failed: Failed[]
  ignore: string | undefined
  /** Whether the maps themselves are written too. */
  maps: boolean
}

/** Inspects pictures as they are named, some at a time; one that cannot be inspected costs no other. */
async function inspectStream(inspection: Inspection, names: AsyncIterable<string>, work: Work): Promise<void> {
  const taken = new Set(['scores.csv', 'result.json'])
  let waiting: string[] = []
  let total = 0
  for await (const name of names) {
    work.terminal.checkCancelled()
    waiting.push(name)
    total++
    if (waiting.length < inspection.together) continue
    await inspectSome(inspection, waiting, { ...work, taken, total })
    waiting = []
  }
  if (waiting.length > 0) await inspectSome(inspection, waiting, { ...work, taken, total })
}

/** Inspects what comes into a folder, says each verdict as it is there, and keeps the table of scores up to date. */
async function inspectWatched(
  inspection: Inspection,
  parts: AsyncIterable<string[]>,
  work: Work & { threshold: number },
): Promise<void> {
  const { terminal, done, failed, out, threshold } = work
  const taken = new Set(['scores.csv', 'result.json'])
  let total = 0
  terminal.note('Watching; Ctrl+C ends it.')
  for await (const names of parts) {
    for (let from = 0; from < names.length && !terminal.signal.aborted; from += inspection.together) {
      const [known, lost] = [done.length, failed.length]
      const some = names.slice(from, from + inspection.together)
      total += some.length
      await inspectSome(inspection, some, { ...work, taken, total }).catch((thrown: unknown) => {
        if (!terminal.signal.aborted) throw thrown
      })
      for (const { input, verdict } of done.slice(known))
        terminal.note(`${verdict.score.toFixed(3)} ${verdict.label.padEnd(6)} ${input}`)
      for (const { error } of failed.slice(lost)) terminal.note(error.message)
      await writeFileAtomic(join(out, 'scores.csv'), csv(done, threshold))
    }
  }
}

async function inspectSome(
  inspection: Inspection,
  inputs: readonly string[],
  { out, terminal, done, failed, ignore, maps, taken, total }: Work & { taken: Set<string>; total: number },
): Promise<void> {
  const folders = inputs.map((input) => freeName(stem(basename(input)), taken))
  const fresh = new Set<string>()
  for (const folder of folders) if (await makeFolder(join(out, folder))) fresh.add(folder)
  try {
    const found = await inspection.inspect(
      inputs.map((input, i) => ({ path: resolve(input), files: filesIn(join(out, folders[i]!), maps), ignore })),
      {
        progress: (part, of) =>
          terminal.progress({
            phase: 'Inspecting',
            done: total - inputs.length + (inputs.length * part) / of,
            total,
          }),
        checkCancelled: () => terminal.checkCancelled(),
      },
    )
    for (const [i, verdict] of found.entries()) {
      if (verdict instanceof Error) failed.push({ input: inputs[i]!, error: asNagareError(verdict, inputs[i]) })
      else {
        fresh.delete(folders[i]!)
        done.push({ input: inputs[i]!, folder: folders[i]!, out, verdict })
      }
    }
  } finally {
    for (const folder of fresh) await rm(join(out, folder), { recursive: true, force: true })
  }
}

/** Throws `bad-input` where results would be written into the folder that is watched, and be inspected in turn. */
async function checkWatched(folder: string, out: string): Promise<void> {
  const there = await stat(folder).catch((thrown: unknown) => {
    throw asNagareError(thrown, folder)
  })
  if (!there.isDirectory())
    throw new NagareError('bad-input', `${folder}: expected a folder to watch, found a file.`, { file: folder })
  if (resolve(folder) === resolve(out))
    throw new NagareError('bad-input', 'The folder that is watched cannot take the results.', {
      hint: 'Choose another folder for -o.',
    })
}

/** A mask of what does not count, checked to be a picture. */
async function ignoreMask(path: string | undefined): Promise<string | undefined> {
  if (path !== undefined) await pictureInfo(path)
  return path
}

/** What a report says of the pictures that were inspected. */
async function reportOf(of: {
  done: readonly Row[]
  failed: readonly Failed[]
  pack: string
  settings: InspectSettings
  device: string
  seed: number
}): Promise<ReportInput> {
  const { done, failed, pack, settings, device, seed } = of
  const { manifest, sha256 } = await openPack(pack)
  const { kind, name, description, licence, metrics } = manifest
  return {
    title: name,
    rows: done.map(({ input, folder, out, verdict }) => ({
      ...verdict,
      name: input,
      truth: null,
      defect: null,
      picture: resolve(input),
      overlay: filesIn(join(out, folder), false).overlay,
    })),
    failed: failed.map(({ input, error }) => ({ name: input, reason: error.message })),
    threshold: settings.threshold,
    model: { id: pack, name, kind, description, licence, metrics, sha256, others: 0 },
    settings: { ...settings },
    device,
    seed,
    version: appVersion(),
  }
}

const filesIn = (folder: string, maps: boolean) => ({
  heatmap: join(folder, 'heatmap.png'),
  mask: join(folder, 'mask.png'),
  overlay: join(folder, 'overlay.png'),
  ...(maps ? { map: join(folder, 'map.png'), reconstruction: join(folder, 'reconstruction.png') } : {}),
})

/** `name`, or `name 2`, … where it is taken; upper and lower case are the same to some disks. */
function freeName(name: string, taken: Set<string>): string {
  let free = name
  for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${name} ${n}`
  taken.add(free.toLowerCase())
  return free
}

/** Makes a folder, and says whether it was not there. */
async function makeFolder(path: string): Promise<boolean> {
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory()) return false
  await mkdir(path).catch((thrown: unknown) => {
    throw asNagareError(thrown, dirname(path))
  })
  return true
}

const quoted = (cell: string) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

function csv(rows: readonly Row[], threshold: number): string {
  const lines = rows.map(({ input, verdict }) => [quoted(input), verdict.score, verdict.label, threshold].join(','))
  return ['file,score,label,threshold', ...lines, ''].join('\n')
}
