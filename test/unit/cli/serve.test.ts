import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { tempFolder } from '../../helpers/folder'
import { installNagare, refusal, type Nagare } from './nagare'

let nagare: Nagare
beforeAll(async () => {
  nagare = await installNagare()
}, 60_000)
afterAll(() => nagare.remove())

describe('serve', () => {
  it.each([
    ['SIGTERM', []],
    ['SIGINT', ['--json']],
  ] as const)('prints one address, wants the token, and takes the engine along at %s', async (signal, more) => {
    const cwd = await tempFolder()
    const { child, said, ended } = nagare.start(['serve', ...more], { cwd })
    await vi.waitFor(() => expect(said.out).toContain('\n'), { timeout: 30_000 })
    expect(said.out.split('\n')).toHaveLength(2)
    const url = more.length ? (JSON.parse(said.out) as { url: string }).url : said.out.trim()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/)

    expect((await fetch(new URL('/', url))).status).toBe(401)
    expect((await fetch(new URL('/?token=guess', url))).status).toBe(401)
    const entered = await fetch(url, { redirect: 'manual' })
    const cookie = entered.headers.get('set-cookie')!.split(';')[0]!
    expect(await (await fetch(new URL('/', url), { headers: { cookie } })).text()).toContain('<title>Nagare</title>')

    const [, engine] = /engine (\d+) is running/.exec(said.err)!
    child.kill(signal)
    expect(await ended).toMatchObject({ code: 0, signal: null, out: said.out })
    if (process.platform !== 'win32') expect(() => process.kill(Number(engine), 0)).toThrow(/ESRCH/)
  })

  it('says which port is taken', async () => {
    const cwd = await tempFolder()
    const { said, child, ended } = nagare.start(['serve'], { cwd })
    await vi.waitFor(() => expect(said.out).toContain('\n'), { timeout: 30_000 })
    const { port } = new URL(said.out)
    const other = await nagare.run(['serve', '--port', port, '--project', 'other'], { cwd })
    expect(other).toEqual(refusal(1, `Port ${port}`, '--port'))
    child.kill()
    await ended
  })
})
