import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { build } from '../../../build/prepare.mjs'

const root = resolve(import.meta.dirname, '../../..')
let home: string
const children: ChildProcess[] = []

function run(...args: string[]) {
  const child: ChildProcess = spawn(process.execPath, [join(root, 'out/main/host.js'), ...args], {
    env: { ...process.env, NAGARE_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const said = { out: '', err: '' }
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  return { child, said, ended: once(child, 'close') as Promise<[number | null, string | null]> }
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'nagare-entry-'))
  build()
}, 180_000)
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')))
afterAll(() => rm(home, { recursive: true, force: true, maxRetries: 5 }))

describe('the built host', () => {
  it('prints one address, serves the built window there and ends when asked', async () => {
    const { child, said, ended } = run('--project', join(home, 'mine'))
    await vi.waitFor(() => expect(said.out).toContain('\n'), { timeout: 20_000 })
    expect(said.out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}\n$/)
    const entered = await fetch(said.out.trim(), { redirect: 'manual' })
    const cookie = entered.headers.get('set-cookie')!.split(';')[0]!
    const page = await fetch(new URL('/', said.out.trim()), { headers: { cookie } })
    expect(await page.text()).toContain('<title>Nagare</title>')
    const [, pid] = /engine (\d+) is running/.exec(said.err)!
    child.kill('SIGINT')
    expect(await ended).toEqual([0, null])
    expect(() => process.kill(Number(pid), 0)).toThrow(/ESRCH/)
  })

  it('says why it cannot open a project that another one has open', async () => {
    const first = run('--project', join(home, 'shared'))
    await vi.waitFor(() => expect(first.said.out).toContain('\n'), { timeout: 20_000 })
    const second = run('--project', join(home, 'shared'))
    expect(await second.ended).toEqual([1, null])
    expect(second.said.out).toBe('')
    expect(second.said.err).toMatch(/^nagare: .*open in another Nagare.*\n$/)
    first.child.kill('SIGTERM')
    await first.ended
  })

  it.each([
    [['--port', 'http'], '--port takes a number'],
    [['--port', '70000'], '--port takes a number'],
    [['--colour', 'red'], 'Options: --port'],
    [['--host', '192.0.2.1'], 'no address of this machine'],
  ])('refuses %j in one line', async (args, line) => {
    const { said, ended } = run(...args)
    expect(await ended).toEqual([1, null])
    expect(said.out).toBe('')
    expect(said.err.trim().split('\n')).toEqual([expect.stringContaining(line)])
  })
})
