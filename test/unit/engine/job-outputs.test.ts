import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { jobOutputs } from '../../../src-main/engine/job-outputs'
import { writePng } from '../../../src-main/image'
import { picture } from '../../../src-main/image/picture'
import { adopt, openProject } from '../../../src-main/project'
import { testShelf } from '../../helpers/engine'
import { tempFolder } from '../../helpers/folder'
import { testJob } from '../../helpers/jobs'
import { tone, wav16 } from '../../helpers/signals'

it('keeps with a result the settings that made it and what was found on the way, through a restart', async () => {
  const folder = await tempFolder()
  const project = await openProject(join(folder, 'p'))
  const file = join(folder, 'talk.wav')
  await writeFile(file, wav16(tone(300, 4000, 8000), 8000))
  const source = await adopt(project, { file, name: 'talk.wav', move: false })
  const { prepare, finish } = jobOutputs(project, testShelf('basic'))
  const job = testJob('j-1', { source: source.id, pack: 'basic', settings: { to: 'ada' } })
  const made = async (name: string) => {
    await writeFile(join(folder, name), wav16(tone(200, 4000, 8000), 8000))
    return { role: 'converted', file: join(folder, name), name }
  }
  const outputs = [
    { ...(await made('one.wav')), settings: { to: 'Ada' }, facts: { clippedSource: 0.25 } },
    await made('two.wav'),
  ]
  await prepare(job)
  const ids = await finish(job, outputs, 2)
  await project.close()

  const again = await openProject(join(folder, 'p'))
  onTestFinished(() => again.close())
  const [first, second] = ids.map((id) => again.assets.get(id).origin)
  expect(first).toMatchObject({
    role: 'converted',
    settings: { to: 'Ada' },
    facts: { clippedSource: 0.25 },
    seconds: 2,
  })
  expect(second).toMatchObject({ settings: { to: 'ada' } })
  expect(second).not.toHaveProperty('facts')
})

it('takes the pictures that a job made as pictures, each with where it comes from and all that was found', async () => {
  const folder = await tempFolder()
  const project = await openProject(join(folder, 'p'))
  onTestFinished(() => project.close())
  const made = async (name: string, channels: 1 | 3) => {
    await writePng(join(folder, name), picture(6, 4, channels))
    return join(folder, name)
  }
  const source = await adopt(project, { file: await made('cloth.png', 3), name: 'cloth.png', move: false })
  const { prepare, finish, discard } = jobOutputs(project, testShelf('basic'))
  const job = testJob('j-1', { task: 'inspect', source: source.id, pack: 'basic' })
  const facts = { score: 0.8, label: 'odd', regions: [{ area: 3, peakAt: { x: 1, y: 2 } }] }
  const output = async (role: string, channels: 1 | 3) => {
    return { role, file: await made(`${role}.png`, channels), name: `cloth (${role}).png`, facts }
  }
  expect(await prepare(job)).toMatchObject({ source: expect.stringMatching(/source\.png$/), sourceName: 'cloth.png' })
  const ids = await finish(job, [await output('heatmap', 3), await output('mask', 1)], 2)
  expect(ids.map((id) => project.assets.get(id))).toMatchObject([
    { kind: 'image', name: 'cloth (heatmap).png', image: { channels: 3 }, origin: { role: 'heatmap', facts } },
    { kind: 'image', name: 'cloth (mask).png', image: { channels: 1, width: 6 }, origin: { role: 'mask', facts } },
  ])
  await discard(job)
  expect(project.assets.list().map(({ id }) => id)).toEqual([source.id])
})
