import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { tempFolder } from '../../helpers/folder'
import { babble, wav16 } from '../../helpers/signals'
import { writeBlobSet } from '../../helpers/surfaces'
import { installNagare, refusal, type Nagare } from './nagare'

let nagare: Nagare
let shared: string
beforeAll(async () => {
  nagare = await installNagare()
  shared = await mkdtemp(join(tmpdir(), 'nagare-stop-'))
  const minute = babble(60 * 16_000, 16_000)
  await writeFile(join(shared, 'long.wav'), wav16(minute))
}, 60_000)
afterAll(async () => {
  await nagare.remove()
  await rm(shared, { recursive: true, force: true })
})

/** Starts on a recording that takes far longer than this test may, and waits until its output is under way. */
async function midway(cwd: string) {
  const args = ['enhance', join(shared, 'long.wav'), '-o', 'clean.wav', '--noise-out', 'noise.wav']
  const running = nagare.start([...args, '--iterations', '200'], { cwd })
  await vi.waitFor(async () => expect((await readdir(cwd)).length).toBe(2), { timeout: 20_000, interval: 20 })
  return running
}

describe.skipIf(process.platform === 'win32')('a running enhancement', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at %s and leaves nothing', async (signal, code) => {
    const cwd = await tempFolder()
    const { child, ended } = await midway(cwd)
    child.kill(signal)
    // One key press may arrive twice: from the terminal and from npm.
    child.kill(signal)
    expect(await ended).toEqual(refusal(code, 'Stopped.'))
    expect(await readdir(cwd)).toEqual([])
  })

  it('that is killed leaves hidden part files at most', async () => {
    const cwd = await tempFolder()
    const { child, ended } = await midway(cwd)
    child.kill('SIGKILL')
    expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL', out: '' })
    for (const name of await readdir(cwd)) expect(name).toMatch(/^\..*\.part$/)
  })
})

describe.skipIf(process.platform === 'win32')('training whose steps are long', () => {
  /** f-AnoGAN at a size of which one iteration takes far longer than this test may. */
  const huge = [
    '--set',
    'size=64',
    '--set',
    'width=32',
    '--set',
    'batch=256',
    '--set',
    'pieces=20',
    '--set',
    'preview=0',
  ]
  const started = async () => {
    const cwd = await tempFolder()
    await writeBlobSet(join(cwd, 'set'), { size: 64, train: 30, normals: 2, odd: 2 })
    return { cwd, ...nagare.start(['train', 'f-anogan', '--data', 'set', '-o', 'model.nagare', ...huge], { cwd }) }
  }
  /** Processor time that a process has used, in hundredths of a second. */
  const used = async (pid: number) => Number((await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ')[13])

  it.skipIf(process.platform !== 'linux')(
    'ends at one SIGTERM while its graph is compiled',
    async () => {
      const { cwd, child, ended } = await started()
      // Reading the pictures takes a moment; tracing and tidying the graph keep it busy for many times that.
      await vi.waitFor(async () => expect(await used(child.pid!)).toBeGreaterThan(400), {
        timeout: 120_000,
        interval: 50,
      })
      child.kill('SIGTERM')
      const { code, signal, out } = await ended
      expect([code, signal, out]).toEqual([null, 'SIGTERM', ''])
      expect((await readdir(cwd)).filter((name) => name !== '.home')).toEqual(['set'])
    },
    180_000,
  )
})
