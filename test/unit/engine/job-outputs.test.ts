import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { jobOutputs } from '../../../src-main/engine/job-outputs'
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
