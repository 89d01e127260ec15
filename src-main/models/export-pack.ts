import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { exportProgram, OPSET, type ExportedModel, type OnnxValueInfo } from '../compute'
import { partPath, sweepParts, writeAside } from '../lib/atomic-file'
import { asNagareError, NagareError } from '../lib/errors'
import { appVersion } from '../lib/version'
import type { OpenPack } from '../packs'
import { exportReadme } from './export-readme'
import type { ExportRecord, GraphRecord, ValueRecord } from './export-record'
import type { ExportedGraph, ExportedValue, ModelFamily } from './family'

const CARD = 'export.json'
const Earlier = z.object({
  format: z.literal('nagare-onnx'),
  files: z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)),
})

/**
 * Writes the networks of `pack` as standard ONNX graphs into `folder`, with README.md, export.json and the pack's card. All files appear when
 * all are complete. A folder that is there keeps what it holds; files of an earlier export give way to these.
 * Throws `unsupported` where the kind gives away no networks, `conflict` where a file of one of these names is not from an export, `disk-full`.
 */
export async function exportPack(
  family: ModelFamily,
  pack: OpenPack,
  folder: string,
  { checkCancelled = () => {} }: { checkCancelled?: () => void } = {},
): Promise<ExportRecord> {
  if (!family.exports)
    throw new NagareError('unsupported', `A ${family.kind} model has no networks that ONNX could hold.`, {
      file: pack.path,
    })
  const { manifest, sha256 } = pack
  const { kind, name, licence, frontEnd } = manifest
  const { about, graphs } = await family.exports(pack)
  const version = appVersion()
  const metadata = { model: name, kind, licence, pack_sha256: sha256, front_end: JSON.stringify(frontEnd) }
  const files = new Map<string, Uint8Array[]>()
  const records: GraphRecord[] = []
  for (const graph of graphs) {
    checkCancelled()
    const meanings = Object.fromEntries(Object.entries(graph.values).map(([name, value]) => [name, written(value)]))
    const model = exportProgram(graph.spec, graph.params, {
      name: graph.name,
      doc: graph.description,
      version,
      metadata,
      meanings,
    })
    files.set(`${graph.name}.onnx`, [model.bytes])
    if (model.data) files.set(model.data.name, model.data.parts)
    records.push(graphRecord(graph, model))
  }
  const record: ExportRecord = {
    format: 'nagare-onnx',
    version: 1,
    producer: `Nagare ${version}`,
    opset: OPSET,
    pack: { kind, name, licence, sha256 },
    graphs: records,
    files: [...files.keys(), 'README.md', 'pack.json'],
  }
  files.set('README.md', [Buffer.from(exportReadme(record, about, manifest))])
  files.set('pack.json', [Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)])
  files.set(CARD, [Buffer.from(`${JSON.stringify(record, null, 2)}\n`)])
  checkCancelled()
  await writeFiles(folder, files)
  return record
}

const written = ({ meaning, unit }: ExportedValue) => (unit === undefined ? meaning : `${meaning} [${unit}]`)

function graphRecord({ name, description, values }: ExportedGraph, model: ExportedModel): GraphRecord {
  const recorded = (infos: OnnxValueInfo[]) =>
    infos.map(({ name: value, dtype, shape }): ValueRecord => {
      const told = values[value]
      if (!told) throw new NagareError('internal', `The graph ${name} does not say what its ${value} means.`)
      return { name: value, dtype, shape, ...told }
    })
  return {
    file: `${name}.onnx`,
    ...(model.data ? { data: model.data.name } : {}),
    description,
    inputs: recorded(model.inputs),
    outputs: recorded(model.outputs),
  }
}

type Files = ReadonlyMap<string, readonly Uint8Array[]>

async function writeFiles(folder: string, files: Files): Promise<void> {
  const there = await readdir(folder).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined
    throw asNagareError(thrown, folder)
  })
  if (!there) return writeAside(folder, (part) => writeAll(part, files))
  const earlier = await earlierFiles(folder)
  const taken = [...files.keys()].find((name) => there.includes(name) && !earlier.includes(name))
  if (taken !== undefined)
    throw new NagareError('conflict', `${folder} holds a ${taken} that is not from an export; it is left as it is.`, {
      hint: 'Choose another folder.',
      file: join(folder, taken),
    })
  await sweepParts(folder, 3_600_000)
  const stage = partPath(join(folder, 'export'))
  try {
    await writeAll(stage, files)
    for (const name of files.keys()) await rename(join(stage, name), join(folder, name))
    for (const name of earlier) if (!files.has(name)) await rm(join(folder, name), { force: true })
  } catch (thrown) {
    throw asNagareError(thrown, folder)
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

/** Files that an earlier export left in `folder`. */
async function earlierFiles(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, CARD), 'utf8').catch(() => '')
  try {
    return [...Earlier.parse(JSON.parse(text)).files, CARD]
  } catch {
    return []
  }
}

async function writeAll(folder: string, files: Files): Promise<void> {
  await mkdir(folder)
  for (const [name, parts] of files) {
    const handle = await open(join(folder, name), 'wx')
    try {
      for (const part of parts) await handle.writeFile(part)
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}
