import type { CallError } from '@contract'
import { connect, type Asset } from '@contract'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import yauzl from 'yauzl'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openEngine } from '../../../src-main/engine/engine'
import { openDataSet, readPicture } from '../../../src-main/image'
import type { TaskDefinition } from '../../../src-main/tasks/task'
import { inlineRunner, testShelf } from '../../helpers/engine'
import { tempFolder } from '../../helpers/folder'
import { portLine, until } from '../../helpers/wires'
import { z } from 'zod'

/** A task that finds the mean of a picture; one that is black it cannot do. */
const meanTask: TaskDefinition = {
  id: 'inspect',
  label: 'Inspect',
  description: '',
  accepts: ['image'],
  packKinds: ['test'],
  settings: z.object({ threshold: z.number().default(0.5) }),
  commandOptions: () => [],
  run: () => Promise.reject(new Error('one at a time is not tested here')),
  async runBatch({ sources, output, made, missed, seed }) {
    for (const { id, source, ignore } of sources) {
      const { data, width, height } = await readPicture(source)
      const score = data.reduce((sum, value) => sum + value, 0) / data.length
      if (score === 0) {
        missed(id, new Error('it is black'))
        continue
      }
      const outputs = []
      for (const role of ['heatmap', 'mask', 'overlay']) {
        await sharp(Buffer.alloc(width * height * 3, seed), { raw: { width, height, channels: 3 } })
          .png()
          .toFile(output(id, role))
        const facts = { score, label: 'odd', width, height, count: 1, share: 0.1, regions: [], notes: [], ignore }
        outputs.push({ role, file: output(id, role), name: `${role}.png`, facts })
      }
      made(id, outputs)
    }
  },
}

const tasks = [meanTask]
const grey = (value: number, width = 20, height = 10) =>
  sharp(Buffer.alloc(width * height * 3, value), { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()

async function setup() {
  const home = await tempFolder()
  const folder = join(home, 'project')
  const engine = await openEngine({
    ...{ folder, settingsFile: join(home, 'settings.json'), tasks, shelf: testShelf('basic'), version: '1.2.3' },
    run: inlineRunner(tasks, { open: async () => ({ id: 'cpu' }) }),
    listDevices: async () => [],
  })
  onTestFinished(() => engine.close())
  const line = await portLine()
  engine.serve(line.engine, true)
  const client = connect(line.window, { onEvent: () => {}, onReset: () => {}, onClose: () => {} })
  onTestFinished(() => client.close())
  const add = async (name: string, bytes: Buffer) => {
    await writeFile(join(home, name), bytes)
    return (await client.call('asset.add', { source: { path: join(home, name) } })).asset
  }
  const state = () => client.call('state.get', {})
  const exported = async (url: string) =>
    readFile(join(folder, 'exports', decodeURIComponent(url.replace('/exports/', ''))))
  return { folder, client, add, state, exported }
}

let all: Awaited<ReturnType<typeof setup>>
let pictures: Asset[]
const failure = (call: Promise<unknown>) =>
  call.then(Promise.reject.bind(Promise, new Error('no failure')), (error: CallError) => error.record)
const recordOf = async (id: string) => (await all.state()).assets.find((asset) => asset.id === id)!

beforeEach(async () => {
  all = await setup()
  pictures = []
  for (const [i, value] of [40, 60, 200, 0].entries()) pictures.push(await all.add(`p${i}.png`, await grey(value)))
})

async function inspected() {
  const { job } = await all.client.call('task.runMany', {
    task: 'inspect',
    sources: pictures.map(({ id }) => id),
    seed: 7,
  })
  await until(async () => (await all.state()).jobs[0]!.state === 'done')
  return (await all.state()).jobs.find(({ id }) => id === job.id)!
}

const saveBits = async (picture: Asset, role: 'truth' | 'ignore', bits: Uint8Array, everywhere = false) => {
  await writeFile(join(all.folder, 'incoming', 'u-1'), bits)
  return all.client.call('mask.save', { picture: picture.id, role, bits: 'u-1', everywhere })
}

async function namesIn(bytes: Buffer): Promise<string[]> {
  const zip = await yauzl.fromBufferPromise(bytes)
  const names = []
  for await (const entry of zip.eachEntry()) names.push(entry.fileName)
  return names.sort()
}

describe('many pictures', () => {
  it('are inspected as one job; what one cannot be holds up no other', async () => {
    const job = await inspected()
    expect(job.results).toHaveLength(9)
    expect(job.missed).toMatchObject([{ source: pictures[3]!.id, error: { message: 'it is black' } }])
    const { assets } = await all.state()
    for (const { id } of pictures.slice(0, 3))
      expect(assets.filter(({ origin }) => origin?.source === id).map(({ origin }) => origin!.role)).toEqual([
        'heatmap',
        'mask',
        'overlay',
      ])
    expect(await failure(all.client.call('asset.remove', { asset: 'a-none' }))).toMatchObject({ code: 'not-found' })
  })

  it('are labelled, one way or another, and measured', async () => {
    const [a, b, c] = pictures as [Asset, Asset, Asset, Asset]
    await all.client.call('asset.label', {
      labels: [
        { asset: a.id, label: 'good' },
        { asset: b.id, label: 'unsure' },
        { asset: c.id, label: 'bad', defect: 'stain' },
      ],
    })
    expect(await recordOf(c.id)).toMatchObject({ label: 'bad', defect: 'stain' })
    await all.client.call('asset.label', { labels: [{ asset: c.id, label: 'good' }] })
    expect((await recordOf(c.id)).defect).toBeUndefined()
    await all.client.call('asset.label', { labels: [{ asset: c.id, label: null }] })
    expect('label' in (await recordOf(c.id))).toBe(false)
    const refused = (defect: string) =>
      failure(all.client.call('asset.label', { labels: [{ asset: a.id, label: 'bad', defect }] }))
    for (const defect of ['../up', 'good', 'a/b', '<b>', '.'])
      expect(await refused(defect), defect).toMatchObject({ code: 'bad-input' })

    const measures = await all.client.call('gallery.measure', {
      threshold: 0.5,
      items: [
        { score: 0.2, defect: null },
        { score: 0.6, defect: null },
        { score: 0.5, defect: 'stain' },
        { score: 0.9, defect: 'stain' },
      ],
    })
    expect(measures).toMatchObject({ normals: 2, defects: 2, auroc: 0.75, f1OfAll: 2 / 3 })
    expect(measures.atThreshold).toMatchObject({ truePositives: 2, falsePositives: 1, trueNegatives: 1 })
  })

  it('are exported: labels, the labelled ones in MVTec’s layout with their masks, results, and a report', async () => {
    const { id: take } = await inspected()
    const added = await all.add('odd.png', await grey(120))
    await all.client.call('asset.rename', { asset: added.id, name: 'a <b>"odd"</b> & co.png' })
    const odd = await recordOf(added.id)
    pictures.push(odd)
    const [a, b, c] = pictures as [Asset, Asset, Asset]
    await all.client.call('asset.label', {
      labels: [
        { asset: a.id, label: 'good' },
        { asset: b.id, label: 'good' },
        { asset: c.id, label: 'bad', defect: 'stain' },
        { asset: odd.id, label: 'unsure' },
      ],
    })
    await saveBits(
      c,
      'truth',
      Uint8Array.from({ length: 25 }, () => 255),
    )
    const write = async (format: 'labels' | 'mvtec' | 'results' | 'report') => {
      const wanted = pictures.map(({ id }) => ({ asset: id, take }))
      const { url, bytes } = await all.client.call('gallery.export', { format, pictures: wanted })
      const content = await all.exported(url)
      expect(content).toHaveLength(bytes)
      return content
    }
    expect((await write('labels')).toString()).toBe(
      `file,label,defect\np0.png,good,\np1.png,good,\np2.png,bad,stain\n${
        /[",]/.test(odd.name) ? `"${odd.name.replaceAll('"', '""')}"` : odd.name
      },unsure,\n`,
    )
    const mvtec = await namesIn(await write('mvtec'))
    expect(mvtec.filter((name) => name.includes('/good/'))).toHaveLength(2)
    expect(mvtec).toEqual(expect.arrayContaining(['ground_truth/stain/p2_mask.png', 'test/stain/p2.png']))
    const results = await namesIn(await write('results'))
    expect(results).toEqual(expect.arrayContaining(['scores.csv', 'report.html', 'p0/heatmap.png', 'p2/overlay.png']))
    const report = (await write('report')).toString()
    expect(report).toContain('Against 3 labels (2 good, 1 bad)')
    expect(report).toContain("default-src 'none'")
    expect(report.match(/data:image\/jpeg/g)).toHaveLength(3)
    expect(report).not.toMatch(/<b>|<script|https?:\/\//)
    expect(report).toContain('not inspected')
  })
})

describe('a mask', () => {
  it('is saved as an 8-bit PNG, replaced, and gone when nothing is on', async () => {
    const [picture] = pictures as [Asset]
    const bits = new Uint8Array(25)
    bits[0] = 0b1010_0000
    bits[24] = 1
    const { mask } = await saveBits(picture, 'truth', bits)
    expect(mask).toMatchObject({ marks: { of: picture.id, role: 'truth' }, image: { width: 20, height: 10, depth: 8 } })
    const { data } = await readPicture(join(all.folder, 'assets', mask!.id, 'source.png'))
    expect([...data].flatMap((value, i) => (value === 1 ? [i] : []))).toEqual([0, 2, 199])
    const again = await saveBits(picture, 'truth', new Uint8Array(25).fill(255))
    const masks = (await all.state()).assets.filter(({ marks }) => marks)
    expect(masks.map(({ id }) => id)).toEqual([again.mask!.id])
    expect(await saveBits(picture, 'truth', new Uint8Array(25))).toEqual({ mask: null })
    expect((await all.state()).assets.filter(({ marks }) => marks)).toEqual([])
  })

  it('of another size is refused, and leaves nothing', async () => {
    expect(await failure(saveBits(pictures[0]!, 'truth', new Uint8Array(26)))).toMatchObject({ code: 'bad-input' })
    expect((await all.state()).assets.filter(({ marks }) => marks)).toEqual([])
  })

  it('of what does not count goes with the job: a picture’s own, else that of another of its size', async () => {
    const [a, b] = pictures as [Asset, Asset]
    await saveBits(a, 'ignore', new Uint8Array(25).fill(255), true)
    await saveBits(b, 'ignore', new Uint8Array(25).fill(15))
    await inspected()
    const { assets } = await all.state()
    const ignored = (id: string) =>
      assets.find(({ origin }) => origin?.source === id)!.origin!.facts!['ignore'] as string
    const maskOf = (id: string) => assets.find(({ marks }) => marks?.of === id)!.id
    expect(ignored(a.id)).toContain(maskOf(a.id))
    expect(ignored(b.id)).toContain(maskOf(b.id))
    expect(ignored(pictures[2]!.id)).toContain(maskOf(a.id))
  })
})

it('a project with labels is a data set: good ones to learn from and to test, bad ones by defect with their masks', async () => {
  const good = []
  for (let i = 0; i < 26; i++) good.push(await all.add(`g${i}.png`, await grey(50 + i)))
  const [bad] = pictures as [Asset]
  await all.client.call('asset.label', {
    labels: [
      ...good.map(({ id }) => ({ asset: id, label: 'good' as const })),
      { asset: bad.id, label: 'bad', defect: 'stain' },
    ],
  })
  await saveBits(bad, 'truth', new Uint8Array(25).fill(255))
  const set = await openDataSet(all.folder, { seed: 1 })
  expect(set.layout).toBe('project')
  expect(set.train).toHaveLength(21)
  expect(set.test.map(({ defect }) => defect)).toEqual([null, null, null, null, null, 'stain'])
  const mask = await set.readMask(set.test.at(-1)!, { width: 20, height: 10 })
  expect(mask!.data.every((on) => on === 1)).toBe(true)
})
