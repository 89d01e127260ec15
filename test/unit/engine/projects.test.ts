import { connect } from '@contract'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openEngine } from '../../../src-main/engine/engine'
import { openProjectList } from '../../../src-main/engine/project-list'
import { openProjectMessage, projectSwitch } from '../../../src-main/engine/project-switch'
import { lastProject, places, withProject } from '../../../src-main/files'
import { silent } from '../../../src-main/lib/log'
import { openProject } from '../../../src-main/project'
import { inlineRunner, testShelf } from '../../helpers/engine'
import { tempFolder } from '../../helpers/folder'
import { portLine, until } from '../../helpers/wires'

async function made(folder: string) {
  const project = await openProject(folder)
  await project.close()
  return project.paths.folder
}

describe('the list of projects', () => {
  it('has those opened lately first, then the others of its folder, and none that is gone', async () => {
    const home = await tempFolder()
    const [first, second, other] = [
      await made(join(home, 'projects', 'First')),
      await made(join(home, 'elsewhere', 'Second')),
      await made(join(home, 'projects', 'Other')),
    ]
    await mkdir(join(home, 'projects', 'no project'))
    await openProjectList({ home, current: first, log: silent })
    await openProjectList({ home, current: join(home, 'gone'), log: silent })
    const list = await openProjectList({ home, current: second, log: silent })
    expect((await list.list()).map(({ folder, name, current }) => [folder, name, current])).toEqual([
      [second, 'Second', true],
      [first, 'First', false],
      [other, 'Other', false],
    ])
    expect(lastProject(home)).toBe(second)
  })

  it('lets a browser open only what is on it, the desktop any project', async () => {
    const home = await tempFolder()
    const current = await made(join(home, 'projects', 'Here'))
    const known = await made(join(home, 'projects', 'Known'))
    const outside = await made(join(home, 'secret', 'Outside'))
    const list = await openProjectList({ home, current, log: silent })
    expect(await list.find(known, false)).toBe(known)
    await expect(list.find(outside, false)).rejects.toMatchObject({ code: 'no-permission' })
    await symlink(outside, join(home, 'projects', 'link'))
    await expect(list.find(join(home, 'projects', 'link'), false)).rejects.toMatchObject({ code: 'no-permission' })
    await expect(list.find('projects/Known', true)).rejects.toMatchObject({ code: 'bad-input' })
    expect(await list.find(outside, true)).toBe(outside)
  })

  it('refuses what could not be opened, and touches nothing', async () => {
    const home = await tempFolder()
    const list = await openProjectList({ home, current: join(home, 'x'), log: silent })
    await expect(list.find(join(home, 'nowhere'), true)).rejects.toMatchObject({ code: 'not-found' })
    const full = join(home, 'full')
    await mkdir(full)
    await writeFile(join(full, 'thesis.txt'), 'text')
    await expect(list.find(full, true)).rejects.toMatchObject({ code: 'conflict' })
    const broken = await made(join(home, 'broken'))
    await writeFile(join(broken, 'project.json'), '{')
    await expect(list.find(broken, true)).rejects.toMatchObject({ code: 'corrupt' })
    expect(await readFile(join(broken, 'project.json'), 'utf8')).toBe('{')
  })

  it('makes projects by name inside its folder only', async () => {
    const home = await tempFolder()
    const current = await made(join(home, 'projects', 'Here'))
    const list = await openProjectList({ home, current, log: silent })
    expect(await list.make(' 取材 2026 ')).toBe(join(home, 'projects', '取材 2026'))
    expect(await list.make('../../etc')).toBe(join(home, 'projects', '__.._etc'))
    await expect(list.make('Here')).rejects.toMatchObject({ code: 'conflict' })
  })

  it('starts anew where its file cannot be read', async () => {
    const home = await tempFolder()
    await writeFile(join(home, 'projects.json'), '[')
    const current = await made(join(home, 'projects', 'Here'))
    const list = await openProjectList({ home, current, log: silent })
    expect(await list.list()).toHaveLength(1)
  })
})

describe('the calls', () => {
  async function setup(switchTo?: (folder: string) => void) {
    const home = await tempFolder()
    const engine = await openEngine({
      ...{ folder: join(home, 'projects', 'One'), settingsFile: join(home, 'settings.json'), tasks: [] },
      ...{ shelf: testShelf(), run: inlineRunner([]), version: '1.2.3', listDevices: async () => [] },
      ...(switchTo ? { switchTo } : {}),
    })
    onTestFinished(() => engine.close())
    const line = await portLine()
    engine.serve(line.engine, false)
    const client = connect(line.window, { onEvent() {}, onReset() {}, onClose() {} })
    onTestFinished(() => client.close())
    return { home, client }
  }

  it('ask the parent for another project after they have answered', async () => {
    const asked: string[] = []
    const { home, client } = await setup((folder) => asked.push(folder))
    const two = await made(join(home, 'projects', 'Two'))
    const { projects, folder } = await client.call('project.list', {})
    expect(projects.map(({ name }) => name)).toEqual(['One', 'Two'])
    await client.call('project.open', { folder: two })
    expect(asked).toEqual([])
    await until(() => asked.length === 1)
    await client.call('project.create', { name: 'Three' })
    await until(() => asked.length === 2)
    expect(asked).toEqual([two, join(folder, 'Three')])
    await expect(client.call('project.open', { folder: join(home, 'projects', 'Four') })).rejects.toThrow()
    await expect(client.call('project.create', { name: '  ' })).rejects.toThrow()
  })

  it('say so where nobody can start another engine', async () => {
    const { client } = await setup()
    await expect(client.call('project.create', { name: 'Two' })).rejects.toMatchObject({
      record: { code: 'unavailable' },
    })
  })
})

describe('which project the next engine opens', () => {
  it('is the one asked for, and the one before where that cannot be opened', () => {
    const where = { project: '/one' }
    const projects = projectSwitch(where)
    expect(projects.asked({ type: 'ready' })).toBe(false)
    expect(projects.asked(openProjectMessage('/two'))).toBe(true)
    expect(where.project).toBe('/two')
    expect(projects.ended(72)).toBe(true)
    expect(where.project).toBe('/one')

    projects.asked(openProjectMessage('/two'))
    projects.ready()
    expect(projects.ended(72)).toBe(false)
    expect(where.project).toBe('/two')
  })

  it('is at first the last one, and the usual one where that cannot be opened any more', async () => {
    const home = await tempFolder()
    const own = places({ NAGARE_HOME: home }, 'linux')
    expect(withProject(own).project).toBe(own.project)
    const last = await made(join(home, 'elsewhere'))
    await openProjectList({ home, current: last, log: silent })
    const where = withProject(own)
    expect(where.project).toBe(last)
    expect(projectSwitch(where).ended(72)).toBe(true)
    expect(where.project).toBe(own.project)
    expect(withProject(own, '/named')).toMatchObject({ project: '/named' })
  })
})
